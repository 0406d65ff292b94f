"""A post is a right: it is neither given, changed nor taken without an entry on its person's chain."""

from django.db import migrations

ACCOUNTED = """
CREATE FUNCTION bihuan_post_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose bigint;
BEGIN
    FOREACH whose IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.user_id] WHEN 'DELETE' THEN ARRAY[OLD.user_id]
                           ELSE ARRAY[OLD.user_id, NEW.user_id] END LOOP
        -- As responsibility/posts.py derives it.
        IF NOT bihuan_has_entry(md5('post:' || whose)::uuid) THEN
            RAISE EXCEPTION 'a post of person % changed without a ledger entry', whose
                USING ERRCODE = 'check_violation', CONSTRAINT = 'post_accounted';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER post_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_post
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_post_accounted();
CREATE TRIGGER post_no_truncate BEFORE TRUNCATE ON responsibility_post
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
BACK = """
DROP TRIGGER post_no_truncate ON responsibility_post;
DROP TRIGGER post_accounted ON responsibility_post;
DROP FUNCTION bihuan_post_accounted();
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0007_exchange")]
    operations = [migrations.RunSQL(ACCOUNTED, BACK)]
