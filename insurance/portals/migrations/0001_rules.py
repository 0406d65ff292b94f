"""What the database keeps by itself of all parts of the insurance side.

No row changes without an entry on the chain of what it belongs to, nothing is removed or emptied that is a record, and
each honest change leaves its digest (``config/migrations/0004_rows_stand.py``).
"""

from django.db import migrations

# Each table with the table and column that lead to its chain, and whether its rows are never changed (``once``), never
# removed (``kept``), or come and go with an entry (``free``).
KEPT = {
    "policies_policy": ("", "", "kept"),
    "policies_share": ("policies_policy", "policy_id", "kept"),
    "policies_covered": ("policies_policy", "policy_id", "kept"),
    "policies_endorsement": ("policies_policy", "policy_id", "once"),
    "policies_premium": ("policies_policy", "policy_id", "once"),
    "policies_cover": ("policies_policy", "policy_id", "free"),
    "firms_firm": ("", "", "kept"),
    "firms_licence": ("firms_firm", "firm_id", "kept"),
    "firms_inspector": ("firms_firm", "firm_id", "kept"),
    "service_serviceorder": ("", "", "kept"),
    "service_visit": ("service_serviceorder", "order_id", "kept"),
    "service_photo": ("service_visit,service_serviceorder", "visit_id,order_id", "once"),
    "service_visit_people": ("service_visit,service_serviceorder", "visit_id,order_id", "once"),
    "findings_finding": ("", "", "kept"),
    "claims_claim": ("", "", "kept"),
}
# The columns in which people's words stand, of tables that are never changed otherwise.
WORDS = {"policies_endorsement": "note", "service_photo": "note,original_name"}
FUNCTIONS = """
-- Arguments: the tables from the row's parent up to that which has a chain, and the column that leads to each.
CREATE FUNCTION bihuan_root_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    roots text[] := string_to_array(TG_ARGV[0], ',');
    ways text[] := string_to_array(TG_ARGV[1], ',');
    at jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
    -- Nothing but what the law orders to be forgotten: the entry of that stands on a chain of its own.
    IF TG_OP = 'UPDATE' THEN
        IF bihuan_emptied(to_jsonb(OLD), to_jsonb(NEW)) AND bihuan_erasing() THEN
            RETURN NULL;
        END IF;
    END IF;
    FOR i IN 1 .. coalesce(cardinality(roots), 0) LOOP
        EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE id = $1', roots[i]) INTO at USING (at ->> ways[i])::bigint;
    END LOOP;
    IF NOT bihuan_has_entry((at ->> 'chain')::uuid) THEN
        RAISE EXCEPTION 'a row of % changed without a ledger entry', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
    END IF;
    RETURN NULL;
END $$;
"""
FUNCTIONS_BACK = "DROP FUNCTION bihuan_root_accounted();"
STANDS = """
CREATE TRIGGER row_born AFTER INSERT ON {0} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('id', '');
CREATE TRIGGER row_moved AFTER UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_row_moved('id', '');
"""
ACCOUNTED = """
CREATE CONSTRAINT TRIGGER {0}_accounted AFTER INSERT OR UPDATE OR DELETE ON {0}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_root_accounted('{1}', '{2}');
CREATE TRIGGER {0}_no_truncate BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
GUARDS = {
    "kept": "CREATE TRIGGER {0}_kept BEFORE DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();\n",
    "once": "CREATE TRIGGER {0}_kept BEFORE UPDATE OR DELETE ON {0}"
    " FOR EACH ROW EXECUTE FUNCTION bihuan_append_only({1});\n",
    "free": "",
}
BACK = """
DROP TRIGGER IF EXISTS {0}_kept ON {0}; DROP TRIGGER {0}_no_truncate ON {0}; DROP TRIGGER {0}_accounted ON {0};
DROP TRIGGER row_moved ON {0}; DROP TRIGGER row_born ON {0};
"""


def _words(table: str) -> str:
    return ", ".join(f"'{name}'" for name in WORDS.get(table, "").split(",") if name)


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0001_initial"),
        ("firms", "0001_initial"),
        ("service", "0001_initial"),
        ("findings", "0001_initial"),
        ("claims", "0001_initial"),
        ("config", "0005_tokens_counted"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        *(
            migrations.RunSQL(
                STANDS.format(table) + ACCOUNTED.format(table, up, by) + GUARDS[how].format(table, _words(table)),
                BACK.format(table),
            )
            for table, (up, by, how) in KEPT.items()
        ),
    ]
