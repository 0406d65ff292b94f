"""Rules that the database keeps by itself."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION bihuan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON responsibility_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();

-- Whether the present transaction has written the newest entry of a chain.
CREATE FUNCTION bihuan_has_entry(wanted uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT xact FROM responsibility_ledgerentry WHERE chain = wanted ORDER BY seq DESC LIMIT 1)
            = pg_current_xact_id()::text::bigint,
        false)
$$;
"""

APPEND_ONLY_BACK = """
DROP FUNCTION bihuan_has_entry(uuid);
DROP TRIGGER ledger_append_only ON responsibility_ledgerentry;
DROP FUNCTION bihuan_append_only();
"""

REVISED = ["district", "unit", "territory", "scenario", "category", "duty", "calendaryear", "calendarday"]

# From a sequence, so that a number that was rolled back is never given to other data.
REVISION = """
CREATE SEQUENCE responsibility_revised;
INSERT INTO responsibility_revision (id, number) VALUES (1, nextval('responsibility_revised'));
CREATE FUNCTION bihuan_revise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responsibility_revision SET number = nextval('responsibility_revised') WHERE id = 1;
    RETURN NULL;
END $$;
""" + "".join(
    f"CREATE TRIGGER revise AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION bihuan_revise();\n"
    for table in REVISED
)

REVISION_BACK = (
    "".join(f"DROP TRIGGER revise ON responsibility_{table};\n" for table in REVISED)
    + "DROP FUNCTION bihuan_revise(); DELETE FROM responsibility_revision; DROP SEQUENCE responsibility_revised;"
)


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0001_initial")]
    operations = [
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_BACK),
        migrations.RunSQL(REVISION, REVISION_BACK),
    ]
