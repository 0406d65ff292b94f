"""What a notice says stays said: only that people were found for it, or were not, is written later."""

from django.db import migrations

SAID = """
CREATE FUNCTION bihuan_notice_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'addressed_at' - 'fault' IS DISTINCT FROM to_jsonb(OLD) - 'addressed_at' - 'fault' THEN
        RAISE EXCEPTION 'notice % is addressed and never rewritten', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_said';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notice_said BEFORE UPDATE ON notices_notice FOR EACH ROW EXECUTE FUNCTION bihuan_notice_said();
"""
BACK = "DROP TRIGGER notice_said ON notices_notice; DROP FUNCTION bihuan_notice_said();"


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [migrations.RunSQL(SAID, BACK)]
