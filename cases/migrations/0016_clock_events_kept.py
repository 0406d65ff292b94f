"""The events of a clock are never changed; a clock from before them begins with what it shows."""

from django.db import migrations

KEPT = """
CREATE TRIGGER clock_event_append_only BEFORE UPDATE OR DELETE ON cases_clockevent
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
"""
FORMER = """
INSERT INTO cases_clockevent (deadline_id, what, at, until, unit_id)
    SELECT id, 'start', started_at, due_at, unit_id FROM cases_deadline ORDER BY id;
INSERT INTO cases_clockevent (deadline_id, what, at, until)
    SELECT d.id, 'pause', d.paused_at, p.ceiling
    FROM cases_deadline d LEFT JOIN cases_pause p ON p.deadline_id = d.id AND p.until IS NULL
    WHERE d.paused_at IS NOT NULL;
INSERT INTO cases_clockevent (deadline_id, what, at)
    SELECT id, 'miss', missed_at FROM cases_deadline WHERE missed_at IS NOT NULL;
INSERT INTO cases_clockevent (deadline_id, what, at)
    SELECT id, 'stop', stopped_at FROM cases_deadline WHERE stopped_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0015_clock_events")]
    operations = [
        migrations.RunSQL(FORMER, migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, "DROP TRIGGER clock_event_append_only ON cases_clockevent;"),
    ]
