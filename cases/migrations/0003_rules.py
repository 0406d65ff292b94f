"""Rules that the database keeps by itself. The pairs are those of ``cases/models/machine.py``; a test compares."""

from django.db import migrations

STATES = [
    ("triage", "dispatched"), ("dispatched", "acknowledged"), ("acknowledged", "on_site"), ("on_site", "contained"),
    ("contained", "rectifying"), ("contained", "verifying"), ("rectifying", "verifying"), ("verifying", "rectifying"),
    ("verifying", "closed"), ("closed", "rectifying"), ("rectifying", "suspended"), ("suspended", "rectifying"),
    ("triage", "void"), ("dispatched", "void"), ("acknowledged", "void"), ("on_site", "void"), ("contained", "void"),
    ("rectifying", "void"), ("verifying", "void"), ("suspended", "void"),
]  # fmt: skip
LOOPS = [("small", "medium"), ("small", "large"), ("medium", "large")]


def _values(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"('{a}', '{b}')" for a, b in pairs)


MACHINE = f"""
CREATE FUNCTION bihuan_machine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('triage', 'dispatched') THEN
            RAISE EXCEPTION 'a case cannot begin as %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'case_machine';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({_values(STATES)}) THEN
        RAISE EXCEPTION 'a case cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_machine';
    END IF;
    IF NEW."loop" <> OLD."loop" AND (OLD."loop", NEW."loop") NOT IN ({_values(LOOPS)}) THEN
        RAISE EXCEPTION 'a case cannot go from the % to the % loop', OLD."loop", NEW."loop"
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_machine';
    END IF;
    IF NEW.state = 'closed' AND OLD.state <> 'closed'
            AND NOT EXISTS (SELECT 1 FROM cases_evidence WHERE case_id = NEW.id) THEN
        RAISE EXCEPTION 'a case cannot be closed without evidence'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closed_with_evidence';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_machine BEFORE INSERT OR UPDATE OF state, "loop" ON cases_case
    FOR EACH ROW EXECUTE FUNCTION bihuan_machine();
CREATE TRIGGER case_kept BEFORE DELETE ON cases_case FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON cases_evidence
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
"""

MACHINE_BACK = """
DROP TRIGGER evidence_append_only ON cases_evidence;
DROP TRIGGER case_kept ON cases_case;
DROP TRIGGER case_machine ON cases_case;
DROP FUNCTION bihuan_machine();
"""

# Asked at commit, so that the entry may be written before or after the row it speaks of. A bulk or raw update
# that leaves no entry is refused whole.
ACCOUNTED = """
CREATE FUNCTION bihuan_case_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(NEW.chain) THEN
        RAISE EXCEPTION 'case % changed without a ledger entry', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER case_accounted AFTER INSERT OR UPDATE ON cases_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_case_accounted();

CREATE FUNCTION bihuan_part_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry((SELECT chain FROM cases_case WHERE id = OLD.case_id)) THEN
        RAISE EXCEPTION '% of case % changed without a ledger entry', TG_TABLE_NAME, OLD.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER party_accounted AFTER UPDATE OR DELETE ON cases_party
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
-- A sweep that sets a row aside after a failure changes nothing that was promised.
CREATE CONSTRAINT TRIGGER deadline_accounted
    AFTER UPDATE OF due_at, paused_at, stopped_at, missed_at, kind, case_id, unit_id OR DELETE ON cases_deadline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
CREATE CONSTRAINT TRIGGER request_accounted AFTER UPDATE OR DELETE ON cases_request
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_part_accounted();
"""

ACCOUNTED_BACK = """
DROP TRIGGER request_accounted ON cases_request;
DROP TRIGGER deadline_accounted ON cases_deadline;
DROP TRIGGER party_accounted ON cases_party;
DROP FUNCTION bihuan_part_accounted();
DROP TRIGGER case_accounted ON cases_case;
DROP FUNCTION bihuan_case_accounted();
"""

# Six digits; with the date before them a number comes round at the earliest a million cases later.
NUMBER = "CREATE SEQUENCE cases_id; CREATE SEQUENCE cases_number MINVALUE 1 MAXVALUE 999999 CYCLE;"


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial"), ("alerts", "0003_rules"), ("responsibility", "0002_rules")]
    operations = [
        migrations.RunSQL(NUMBER, "DROP SEQUENCE cases_number; DROP SEQUENCE cases_id;"),
        migrations.RunSQL(MACHINE, MACHINE_BACK),
        migrations.RunSQL(ACCOUNTED, ACCOUNTED_BACK),
    ]
