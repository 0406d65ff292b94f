"""What is born or changed together with its case asks no more of the ledger than the case itself did.

Of a row that this transaction wrote, ``case_accounted`` has asked for the entry already; its parts needed four more
looks each time a case was opened, a third of what the ledger costs an intake.
"""

from django.db import migrations

# A row written within a savepoint bears that one's number, and is looked up as before.
ACCOUNTED = """
CREATE OR REPLACE FUNCTION bihuan_part_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.case_id ELSE OLD.case_id END;
    its record;
BEGIN
    SELECT chain, xmin = pg_current_xact_id()::xid AS asked INTO its FROM cases_case WHERE id = parent;
    IF NOT coalesce(its.asked, false) AND NOT bihuan_has_entry(its.chain) THEN
        RAISE EXCEPTION '% of case % changed without a ledger entry', TG_TABLE_NAME, parent
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_accounted';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0022_erasure")]
    operations = [migrations.RunSQL(ACCOUNTED, migrations.RunSQL.noop)]
