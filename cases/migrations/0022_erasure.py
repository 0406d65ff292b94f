"""Where people's words stand beside the ledger, and may be emptied when it is (``responsibility/0013_erasure``)."""

from django.db import migrations

# Table, the trigger that keeps it, and the columns of words.
KEPT = [
    ("alerts_alert", "alert_append_only", ["title", "payload", "stated"]),
    ("cases_evidence", "evidence_append_only", ["note", "original_name"]),
    ("cases_checklistmark", "checklistmark_append_only", ["note"]),
    ("cases_situationreport", "situationreport_append_only", ["situation", "done", "forces", "ahead", "needs"]),
]
AGAIN = """
DROP TRIGGER {1} ON {0};
CREATE TRIGGER {1} BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_append_only({2});
"""
# What these triggers say is as before, for whatever is no erasure.
SAID = """
DROP TRIGGER urging_said ON cases_urging;
CREATE TRIGGER urging_said BEFORE UPDATE ON cases_urging FOR EACH ROW
    WHEN (NOT bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), 'text', 'reply', 'lift_note'))
    EXECUTE FUNCTION bihuan_urging_said();
DROP TRIGGER notice_said ON notices_notice;
CREATE TRIGGER notice_said BEFORE UPDATE ON notices_notice FOR EACH ROW
    WHEN (NOT bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), 'title', 'words'))
    EXECUTE FUNCTION bihuan_notice_said();
"""
SAID_BACK = """
DROP TRIGGER urging_said ON cases_urging;
CREATE TRIGGER urging_said BEFORE UPDATE ON cases_urging FOR EACH ROW EXECUTE FUNCTION bihuan_urging_said();
DROP TRIGGER notice_said ON notices_notice;
CREATE TRIGGER notice_said BEFORE UPDATE ON notices_notice FOR EACH ROW EXECUTE FUNCTION bihuan_notice_said();
"""


def _again(table: str, trigger: str, columns: list[str]) -> migrations.RunSQL:
    words = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(AGAIN.format(table, trigger, words), AGAIN.format(table, trigger, ""))


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0021_red_and_unanswered"),
        ("alerts", "0009_dated_chains"),
        ("notices", "0002_said"),
        ("responsibility", "0013_erasure"),
    ]
    operations = [*(_again(*kept) for kept in KEPT), migrations.RunSQL(SAID, SAID_BACK)]
