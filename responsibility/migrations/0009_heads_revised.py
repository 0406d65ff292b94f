"""Who commands in a unit is reference data too: every case copies its leader when it is opened."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_post
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_revise();
-- A person is written at every sign-in; only the name and the right to sign in count here.
CREATE TRIGGER revise AFTER UPDATE ON responsibility_user FOR EACH ROW
    WHEN (OLD.full_name IS DISTINCT FROM NEW.full_name OR OLD.username IS DISTINCT FROM NEW.username
        OR OLD.is_active IS DISTINCT FROM NEW.is_active)
    EXECUTE FUNCTION bihuan_revise();
"""
BACK = """
DROP TRIGGER revise ON responsibility_user;
DROP TRIGGER revise ON responsibility_post;
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0008_posts_accounted")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
