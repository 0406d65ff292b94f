"""What people wrote beside the ledger may be emptied by law in the tables of all parts (``responsibility/0013``).

Opinions on drafts, notes of a hand-over and the names of files that were brought in had no way to be emptied but with
an entry of their own; of a consequence, the place of a talk and the body that takes it over were fixed.
"""

from django.db import migrations

# Table, trigger, the function it calls, and the columns of words.
KEPT = [
    ("responsibility_opinion", "opinion", "bihuan_opinion_accounted", "'text'"),
    ("responsibility_handover", "handover", "bihuan_owned_accounted", "'note'"),
]
APART = """
DROP TRIGGER {1}_accounted ON {0};
CREATE CONSTRAINT TRIGGER {1}_accounted AFTER INSERT OR DELETE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {2}();
CREATE CONSTRAINT TRIGGER {1}_changed AFTER UPDATE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NOT bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), {3})) EXECUTE FUNCTION {2}();
"""
APART_BACK = """
DROP TRIGGER {1}_changed ON {0};
DROP TRIGGER {1}_accounted ON {0};
CREATE CONSTRAINT TRIGGER {1}_accounted AFTER INSERT OR UPDATE OR DELETE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {2}();
"""
UPLOAD = """
DROP TRIGGER upload_accounted ON responsibility_upload;
CREATE CONSTRAINT TRIGGER upload_accounted AFTER UPDATE ON responsibility_upload
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        (OLD.id, OLD.chain, OLD."table", OLD.scope, OLD.sha256, OLD.file_name, OLD.size, OLD.brought_at,
            OLD.brought_by_id, OLD.applied_at)
        IS DISTINCT FROM (NEW.id, NEW.chain, NEW."table", NEW.scope, NEW.sha256, NEW.file_name, NEW.size,
            NEW.brought_at, NEW.brought_by_id, NEW.applied_at){0})
    EXECUTE FUNCTION bihuan_owned_accounted();
"""
ERASED = """
        AND NOT bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), 'file_name', 'faults', 'shown')"""
# A saved question changes, so nothing but this keeps the table from being emptied at once.
QUESTION = """
CREATE TRIGGER question_no_truncate BEFORE TRUNCATE ON desk_question
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
CONSEQUENCE = """
DROP TRIGGER consequence_said ON accountability_consequence;
CREATE TRIGGER consequence_said BEFORE UPDATE ON accountability_consequence FOR EACH ROW
    WHEN (NOT bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), 'text', 'chair', 'minutes', 'outcome', 'purpose',
        'withdraw_note'{0}))
    EXECUTE FUNCTION bihuan_consequence_said();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0002_repeats"),
        ("responsibility", "0016_archived_ids"),
        ("accountability", "0004_consequences"),
        ("desk", "0001_initial"),
    ]
    operations = [
        *(migrations.RunSQL(APART.format(*kept), APART_BACK.format(*kept)) for kept in KEPT),
        migrations.RunSQL(UPLOAD.format(ERASED), UPLOAD.format("")),
        migrations.RunSQL(CONSEQUENCE.format(", 'place', 'body'"), CONSEQUENCE.format("")),
        migrations.RunSQL(QUESTION, "DROP TRIGGER question_no_truncate ON desk_question;"),
    ]
