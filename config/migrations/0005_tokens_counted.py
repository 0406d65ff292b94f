"""A token that is given out is counted within the minute, as signing in is, and no longer an entry of its own.

The row stands under its digest (``0004_rows_stand``); whatever changes or removes it is told as before.
"""

from django.db import migrations

COUNTED = """
DROP TRIGGER row_changed ON responsibility_token;
CREATE TRIGGER row_changed AFTER UPDATE OR DELETE ON responsibility_token
    FOR EACH ROW EXECUTE FUNCTION bihuan_row_changed('id', '');
CREATE TRIGGER row_born AFTER INSERT ON responsibility_token REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('id', '');
-- As responsibility/looking.py names what it counts.
CREATE FUNCTION bihuan_token_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM responsibility_repeat WHERE key LIKE 'account:' || NEW.user_id || '|token.issue|%'
            AND last_at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'a token was given out without a word'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER token_counted AFTER INSERT ON responsibility_token
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_token_counted();
"""
COUNTED_BACK = """
DROP TRIGGER token_counted ON responsibility_token;
DROP FUNCTION bihuan_token_counted();
DROP TRIGGER row_born ON responsibility_token;
DROP TRIGGER row_changed ON responsibility_token;
CREATE TRIGGER row_changed AFTER INSERT OR UPDATE OR DELETE ON responsibility_token
    FOR EACH ROW EXECUTE FUNCTION bihuan_row_changed('id', '');
"""


class Migration(migrations.Migration):
    dependencies = [("config", "0004_rows_stand")]
    operations = [migrations.RunSQL(COUNTED, COUNTED_BACK)]
