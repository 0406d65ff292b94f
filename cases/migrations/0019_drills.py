"""A case is a drill's or real from birth to end; a drill takes nothing from the stock."""

import django.db.models.deletion
from django.db import migrations, models

# A real case that was turned into a drill would vanish from every figure.
KEPT = """
CREATE FUNCTION bihuan_case_drill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.drill_id, NEW.speed) IS DISTINCT FROM (OLD.drill_id, OLD.speed) THEN
        RAISE EXCEPTION 'case % cannot become or cease to be a drill', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_drill_kept';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_drill_kept BEFORE UPDATE OF drill_id, speed ON cases_case
    FOR EACH ROW EXECUTE FUNCTION bihuan_case_drill();
"""
KEPT_BACK = "DROP TRIGGER case_drill_kept ON cases_case; DROP FUNCTION bihuan_case_drill();"
# As in 0011, but for the lines of a drill, which count only within it (see ``cases/dispatching.py``).
PROMISED = """
CREATE OR REPLACE FUNCTION bihuan_promised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held int := CASE WHEN NEW.ended_at IS NULL THEN NEW.quantity ELSE 0 END;
    gone int := NEW.used;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.resource_id <> OLD.resource_id OR NEW.quantity <> OLD.quantity OR OLD.ended_at IS NOT NULL
                OR NEW.dispatch_id <> OLD.dispatch_id THEN
            RAISE EXCEPTION 'a line of a dispatch is returned once and never rewritten'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'dispatch_line_kept';
        END IF;
        held := held - OLD.quantity;
        gone := gone - OLD.used;
    END IF;
    IF (SELECT c.drill_id FROM cases_dispatch d JOIN cases_case c ON c.id = d.case_id
            WHERE d.id = NEW.dispatch_id) IS NULL THEN
        UPDATE resources_resource SET reserved = reserved + held, stock = stock - gone WHERE id = NEW.resource_id;
    END IF;
    RETURN NULL;
END $$;
"""
PROMISED_BACK = """
CREATE OR REPLACE FUNCTION bihuan_promised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held int := CASE WHEN NEW.ended_at IS NULL THEN NEW.quantity ELSE 0 END;
    gone int := NEW.used;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.resource_id <> OLD.resource_id OR NEW.quantity <> OLD.quantity OR OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'a line of a dispatch is returned once and never rewritten'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'dispatch_line_kept';
        END IF;
        held := held - OLD.quantity;
        gone := gone - OLD.used;
    END IF;
    UPDATE resources_resource SET reserved = reserved + held, stock = stock - gone WHERE id = NEW.resource_id;
    RETURN NULL;
END $$;
"""
ENDED = ["closed", "void"]


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_urging"), ("alerts", "0007_drills")]
    operations = [
        migrations.AddField(
            model_name="case",
            name="drill",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cases",
                to="alerts.drill",
                verbose_name="演练",
            ),
        ),
        migrations.AddField(
            model_name="case", name="speed", field=models.PositiveSmallIntegerField(default=1, verbose_name="倍速")
        ),
        migrations.RemoveConstraint(model_name="case", name="case_one_open_per_object"),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("object_code", ""), _negated=True), models.Q(("state__in", ENDED), _negated=True)
                ),
                fields=("object_code", "category_code", "drill"),
                name="case_one_open_per_object",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("speed", 1), ("drill__isnull", False), _connector="OR"),
                name="case_real_at_real_speed",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("drill__isnull", False)), fields=["drill"], name="case_of_drill"),
        ),
        migrations.RunSQL(KEPT, KEPT_BACK),
        migrations.RunSQL(PROMISED, PROMISED_BACK),
    ]
