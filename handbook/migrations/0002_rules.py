"""Rules that the database keeps by itself: what is published is superseded, never changed, and nothing is silent."""

from django.db import migrations

RULES = """
CREATE FUNCTION bihuan_handbook_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' THEN
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'submitted') AND (NEW.state = OLD.state
            OR OLD.state || '>' || NEW.state IN ('draft>submitted', 'submitted>draft', 'submitted>published',
                'draft>withdrawn', 'submitted>withdrawn')) THEN
        RETURN NEW;
    -- A newer version sets the end of this one, once, and nothing else.
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'published' AND upper(OLD.valid) IS NULL
            AND lower(NEW.valid) = lower(OLD.valid)
            AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version of a handbook is drafted, submitted, published; then superseded, never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'handbook_kept';
END $$;
CREATE TRIGGER handbook_kept BEFORE INSERT OR UPDATE OR DELETE ON handbook_version
    FOR EACH ROW EXECUTE FUNCTION bihuan_handbook_kept();
CREATE TRIGGER handbook_no_truncate BEFORE TRUNCATE ON handbook_version
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE ON handbook_version
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_revise();

CREATE FUNCTION bihuan_handbook_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM handbook_version WHERE state <> 'draft' AND id IN (
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END))
    THEN
        RAISE EXCEPTION 'a step is changed in a draft only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'handbook_step_kept';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER handbook_step_kept BEFORE INSERT OR UPDATE OR DELETE ON handbook_step
    FOR EACH ROW EXECUTE FUNCTION bihuan_handbook_steps();
CREATE TRIGGER handbook_step_no_truncate BEFORE TRUNCATE ON handbook_step
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

CREATE FUNCTION bihuan_handbook_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(NEW.chain) THEN
        RAISE EXCEPTION 'version % of a handbook changed without a ledger entry', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'handbook_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER handbook_accounted AFTER INSERT OR UPDATE ON handbook_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_handbook_accounted();

CREATE FUNCTION bihuan_handbook_step_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its record;
BEGIN
    FOR its IN SELECT number, chain FROM handbook_version
               WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.version_id END,
                            CASE WHEN TG_OP <> 'DELETE' THEN NEW.version_id END) LOOP
        IF NOT bihuan_has_entry(its.chain) THEN
            RAISE EXCEPTION 'a step of version % of a handbook changed without a ledger entry', its.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'handbook_accounted';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER handbook_step_accounted AFTER INSERT OR UPDATE OR DELETE ON handbook_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_handbook_step_accounted();
"""
BACK = """
DROP TRIGGER handbook_step_accounted ON handbook_step;
DROP FUNCTION bihuan_handbook_step_accounted();
DROP TRIGGER handbook_accounted ON handbook_version;
DROP FUNCTION bihuan_handbook_accounted();
DROP TRIGGER handbook_step_no_truncate ON handbook_step;
DROP TRIGGER handbook_step_kept ON handbook_step;
DROP FUNCTION bihuan_handbook_steps();
DROP TRIGGER revise ON handbook_version;
DROP TRIGGER handbook_no_truncate ON handbook_version;
DROP TRIGGER handbook_kept ON handbook_version;
DROP FUNCTION bihuan_handbook_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("handbook", "0001_initial"), ("responsibility", "0002_rules")]
    operations = [migrations.RunSQL(RULES, BACK)]
