"""An edition, its rows and what units say to them do not come, change or go without an entry on the edition's chain."""

from django.db import migrations, models
from django.db.models import F, Q

ACCOUNTED = """
CREATE FUNCTION bihuan_edition_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(COALESCE(NEW.chain, OLD.chain)) THEN
        RAISE EXCEPTION 'edition % changed without a ledger entry', COALESCE(NEW.number, OLD.number)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'list_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER edition_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_edition
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_edition_accounted();

CREATE FUNCTION bihuan_duty_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its record;
BEGIN
    FOR its IN SELECT number, chain FROM responsibility_edition
               WHERE id IN (COALESCE(OLD.edition_id, 0), COALESCE(NEW.edition_id, 0)) LOOP
        IF NOT bihuan_has_entry(its.chain) THEN
            RAISE EXCEPTION 'a row of edition % changed without a ledger entry', its.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'list_accounted';
        END IF;
    END LOOP;
    -- As it stands at commit: what was written earlier in the transaction may have changed since.
    IF EXISTS (SELECT FROM responsibility_duty d JOIN responsibility_edition e ON e.id = d.edition_id
               WHERE d.id = NEW.id AND d.live <> (e.state = 'published')) THEN
        RAISE EXCEPTION 'a row is live when its edition is published, and then only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'duty_live_with_its_edition';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER duty_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_duty
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_duty_accounted();

-- A word that went with its row is told by the row.
CREATE FUNCTION bihuan_opinion_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    its record;
BEGIN
    FOR its IN SELECT e.number, e.chain FROM responsibility_duty d JOIN responsibility_edition e ON e.id = d.edition_id
               WHERE d.id IN (COALESCE(OLD.duty_id, 0), COALESCE(NEW.duty_id, 0)) LOOP
        IF NOT bihuan_has_entry(its.chain) THEN
            RAISE EXCEPTION 'an opinion on edition % changed without a ledger entry', its.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'list_accounted';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER opinion_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_opinion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_opinion_accounted();
CREATE TRIGGER opinion_no_truncate BEFORE TRUNCATE ON responsibility_opinion
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

CREATE OR REPLACE FUNCTION bihuan_published_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- An edition is published after its rows have gone live, so nothing comes to it any more.
    shown boolean := TG_OP <> 'DELETE' AND EXISTS (
        SELECT FROM responsibility_edition WHERE id = NEW.edition_id AND state = 'published');
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.live OR TG_OP = 'INSERT' AND NEW.live OR shown THEN
        RAISE EXCEPTION 'a row of a published edition is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'duty_published';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION bihuan_published_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'published' AND TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    -- A newer edition sets the end of this one, once, and nothing else.
    IF OLD.state = 'published' AND TG_OP = 'UPDATE' AND upper(OLD.valid) IS NULL
            AND lower(NEW.valid) = lower(OLD.valid)
            AND to_jsonb(NEW) - 'valid' = to_jsonb(OLD) - 'valid' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'edition % is published: it is superseded, never changed', OLD.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'edition_published';
END $$;
"""

BACK = """
CREATE OR REPLACE FUNCTION bihuan_published_edition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'published' AND TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    -- A newer edition sets the end of this one, once, and nothing else.
    IF OLD.state = 'published' AND TG_OP = 'UPDATE' AND upper(OLD.valid) IS NULL
            AND lower(NEW.valid) = lower(OLD.valid)
            AND (NEW.number, NEW.title, NEW.document, NEW.chain, NEW.state, NEW.origin, NEW.accepted_gaps)
              = (OLD.number, OLD.title, OLD.document, OLD.chain, OLD.state, OLD.origin, OLD.accepted_gaps) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'edition % is published: it is superseded, never changed', OLD.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'edition_published';
END $$;
CREATE OR REPLACE FUNCTION bihuan_published_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shown boolean := (SELECT state = 'published' FROM responsibility_edition
                      WHERE id = CASE TG_OP WHEN 'INSERT' THEN NEW.edition_id ELSE OLD.edition_id END);
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.live OR TG_OP = 'INSERT' AND (NEW.live OR shown) THEN
        RAISE EXCEPTION 'a row of a published edition is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'duty_published';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER opinion_no_truncate ON responsibility_opinion;
DROP TRIGGER opinion_accounted ON responsibility_opinion;
DROP FUNCTION bihuan_opinion_accounted();
DROP TRIGGER duty_accounted ON responsibility_duty;
DROP FUNCTION bihuan_duty_accounted();
DROP TRIGGER edition_accounted ON responsibility_edition;
DROP FUNCTION bihuan_edition_accounted();
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0009_heads_revised")]
    operations = [
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(drafted_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                name="edition_approved_by_another",
            ),
        ),
        migrations.RunSQL(ACCOUNTED, BACK),
    ]
