"""A proof, a pause and the whole of a clock are refused without an entry too.

A proof put in by hand would satisfy the guards of containing and closing; a pause that nobody granted, or a clock
that began later, would buy time.
"""

from django.db import migrations

EVIDENCE = """
CREATE CONSTRAINT TRIGGER evidence_born AFTER INSERT ON cases_evidence
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""
# All but retry_at, which a sweep sets after a failure; a sweep believes no more than a minute of it.
DEADLINE = """
DROP TRIGGER deadline_accounted ON cases_deadline;
CREATE CONSTRAINT TRIGGER deadline_accounted
    AFTER UPDATE OF id, case_id, unit_id, kind, started_at, due_at, paused_at, stopped_at, missed_at, provisional
    OR DELETE ON cases_deadline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""
DEADLINE_BACK = """
DROP TRIGGER deadline_accounted ON cases_deadline;
CREATE CONSTRAINT TRIGGER deadline_accounted
    AFTER UPDATE OF due_at, paused_at, stopped_at, missed_at, kind, case_id, unit_id OR DELETE ON cases_deadline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""
PAUSE = """
CREATE FUNCTION bihuan_pause_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clock bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.deadline_id ELSE OLD.deadline_id END;
BEGIN
    IF NOT bihuan_has_entry(
        (SELECT c.chain FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id WHERE d.id = clock)
    ) THEN
        RAISE EXCEPTION 'pause of deadline % changed without a ledger entry', clock
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER pause_accounted AFTER INSERT OR UPDATE OR DELETE ON cases_pause
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_pause_accounted();
"""
PAUSE_BACK = "DROP TRIGGER pause_accounted ON cases_pause; DROP FUNCTION bihuan_pause_accounted();"


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_archive_of_a_unit")]
    operations = [
        migrations.RunSQL(EVIDENCE, "DROP TRIGGER evidence_born ON cases_evidence;"),
        migrations.RunSQL(DEADLINE, DEADLINE_BACK),
        migrations.RunSQL(PAUSE, PAUSE_BACK),
    ]
