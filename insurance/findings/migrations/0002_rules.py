"""What the database keeps by itself of findings and self-control: entries, what is never changed, who may look again."""

from django.db import migrations

# Each table with the tables and columns that lead to its chain, how it is kept, and the columns of people's words in it.
KEPT = {
    "findings_proof": ("findings_finding", "finding_id", "once", "note,original_name"),
    "findings_recheck": ("findings_finding", "finding_id", "once", "note"),
    "findings_register": ("", "", "kept", ""),
    "findings_incharge": ("findings_register", "register_id", "kept", ""),
    "findings_certificate": ("findings_register", "register_id", "kept", ""),
    "findings_selfcheck": ("findings_register", "register_id", "once", "person,results"),
    "findings_checkphoto": (
        "findings_selfcheck,findings_register", "self_check_id,register_id", "once", "original_name"
    ),
    "findings_dutyanswer": ("", "", "once", "text"),
}  # fmt: skip
KEEP = """
CREATE TRIGGER row_born AFTER INSERT ON {0} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('id', '');
CREATE TRIGGER row_moved AFTER UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_row_moved('id', '');
CREATE CONSTRAINT TRIGGER {0}_accounted AFTER INSERT OR UPDATE OR DELETE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_root_accounted('{1}', '{2}');
CREATE TRIGGER {0}_no_truncate BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER {0}_kept BEFORE {3} ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_append_only({4});
"""
BACK = """
DROP TRIGGER {0}_kept ON {0}; DROP TRIGGER {0}_no_truncate ON {0}; DROP TRIGGER {0}_accounted ON {0};
DROP TRIGGER row_moved ON {0}; DROP TRIGGER row_born ON {0};
"""
APART = """
CREATE FUNCTION bihuan_recheck_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM findings_finding f
        WHERE f.id = NEW.finding_id AND NEW.unit_id IN (f.insured_id, f.worked_by_id, f.found_by_unit_id)
    ) THEN
        RAISE EXCEPTION 'whoever found, owes or did the work does not look at it again'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'recheck_apart';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recheck_apart BEFORE INSERT ON findings_recheck FOR EACH ROW EXECUTE FUNCTION bihuan_recheck_apart();
CREATE FUNCTION bihuan_finding_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' THEN
        IF to_jsonb(NEW) - '{text,basis,advice,rectified_note}'::text[]
            IS DISTINCT FROM to_jsonb(OLD) - '{text,basis,advice,rectified_note}'::text[] THEN
            RAISE EXCEPTION 'a closed finding stays as it is'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_closed_for_good';
        END IF;
    ELSIF NEW.state = 'closed' AND NOT coalesce((
        SELECT r.passed FROM findings_recheck r
        WHERE r.finding_id = NEW.id AND r.at >= NEW.rectified_at ORDER BY r.id DESC LIMIT 1
    ), false) THEN
        RAISE EXCEPTION 'a finding is closed after somebody looked again'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_rechecked_first';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER finding_closed BEFORE UPDATE ON findings_finding
    FOR EACH ROW EXECUTE FUNCTION bihuan_finding_closed();
CREATE SEQUENCE findings_number;
"""
APART_BACK = """
DROP SEQUENCE findings_number;
DROP TRIGGER finding_closed ON findings_finding; DROP FUNCTION bihuan_finding_closed();
DROP TRIGGER recheck_apart ON findings_recheck; DROP FUNCTION bihuan_recheck_apart();
"""


def _keep(table: str, up: str, by: str, how: str, words: str) -> str:
    when = "UPDATE OR DELETE" if how == "once" else "DELETE"
    return KEEP.format(table, up, by, when, ", ".join(f"'{name}'" for name in words.split(",") if name))


class Migration(migrations.Migration):
    dependencies = [("findings", "0001_initial"), ("portals", "0001_rules")]
    operations = [
        *(migrations.RunSQL(_keep(table, *how), BACK.format(table)) for table, how in KEPT.items()),
        migrations.RunSQL(APART, APART_BACK),
    ]
