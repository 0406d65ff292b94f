"""Rules that the database keeps by itself: what is published is never changed, only superseded."""

from django.db import migrations

PUBLISHED = """
CREATE FUNCTION bihuan_published_row() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER duty_published BEFORE INSERT OR UPDATE OR DELETE ON responsibility_duty
    FOR EACH ROW EXECUTE FUNCTION bihuan_published_row();
CREATE TRIGGER duty_no_truncate BEFORE TRUNCATE ON responsibility_duty
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

CREATE FUNCTION bihuan_published_edition() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER edition_published BEFORE UPDATE OR DELETE ON responsibility_edition
    FOR EACH ROW EXECUTE FUNCTION bihuan_published_edition();
CREATE TRIGGER edition_no_truncate BEFORE TRUNCATE ON responsibility_edition
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_edition
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_revise();
"""

PUBLISHED_BACK = """
DROP TRIGGER revise ON responsibility_edition;
DROP TRIGGER edition_no_truncate ON responsibility_edition;
DROP TRIGGER edition_published ON responsibility_edition;
DROP FUNCTION bihuan_published_edition();
DROP TRIGGER duty_no_truncate ON responsibility_duty;
DROP TRIGGER duty_published ON responsibility_duty;
DROP FUNCTION bihuan_published_row();
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0004_editions")]
    operations = [migrations.RunSQL(PUBLISHED, PUBLISHED_BACK)]
