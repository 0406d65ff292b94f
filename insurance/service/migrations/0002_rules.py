"""What the database keeps of plans, orders, visits and the account of prevention.

No expense beyond the budget or beyond 21 % of the premium received (应急〔2025〕27号), none for a service of another
policy or one that is not done, no voucher twice in the books of an insurer, no correction but by a counter entry.
"""

from django.db import migrations

# As ``insurance/portals/migrations/0001_rules.py`` has it for the tables that stood first.
KEPT = {
    "service_plan": ("policies_policy", "policy_id", "kept"),
    "service_planline": ("service_plan,policies_policy", "plan_id,policy_id", "free"),
    "service_assessment": ("policies_policy", "policy_id", "once"),
    "service_servicerequest": ("policies_policy", "policy_id", "once"),
    "service_budget": ("policies_policy", "policy_id", "once"),
    "service_expense": ("policies_policy", "policy_id", "once"),
    "service_sentphoto": ("service_serviceorder", "order_id", "once"),
}
# The columns in which people's words stand, of tables that are never changed otherwise.
WORDS = {
    "service_assessment": "'conclusion'", "service_budget": "'reason'", "service_expense": "'note'",
    "service_sentphoto": "'original_name'", "service_servicerequest": "'text'",
}  # fmt: skip
STANDS = """
CREATE TRIGGER row_born AFTER INSERT ON {0} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('id', '');
CREATE TRIGGER row_moved AFTER UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION bihuan_row_moved('id', '');
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
NUMBER = "CREATE SEQUENCE service_number MINVALUE 1 MAXVALUE 999999 CYCLE;"
ACCOUNT = """
CREATE FUNCTION bihuan_prevention_cap(of_policy bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT trunc(greatest(coalesce(sum(amount), 0), 0) * 0.21, 2) FROM policies_premium WHERE policy_id = of_policy
$$;
CREATE FUNCTION bihuan_prevention_spent(of_policy bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(amount), 0) FROM service_expense WHERE policy_id = of_policy
$$;
CREATE FUNCTION bihuan_budget_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM policies_policy WHERE id = NEW.policy_id FOR NO KEY UPDATE;
    IF NEW.amount > bihuan_prevention_cap(NEW.policy_id) THEN
        RAISE EXCEPTION 'a budget beyond 21 per cent of the premium received'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_within_cap';
    END IF;
    IF NEW.amount < bihuan_prevention_spent(NEW.policy_id) THEN
        RAISE EXCEPTION 'a budget below what was spent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budget_above_spent';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION bihuan_expense_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    spent numeric;
    allowed numeric;
    back service_expense;
BEGIN
    PERFORM 1 FROM policies_policy WHERE id = NEW.policy_id AND insurer_id = NEW.insurer_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not the insurer of the policy'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'expense_of_its_insurer';
    END IF;
    -- Two policies of one insurer may meet here over one voucher.
    PERFORM pg_advisory_xact_lock(7621, hashtext(NEW.insurer_id || ':' || NEW.voucher));
    IF NOT EXISTS (
        SELECT 1 FROM service_serviceorder
        WHERE id = NEW.order_id AND policy_id = NEW.policy_id AND state = 'done' AND item = NEW.item
    ) THEN
        RAISE EXCEPTION 'an expense for what was not done for this policy'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'expense_of_done_order';
    END IF;
    IF NEW.counters_id IS NOT NULL THEN
        SELECT * INTO back FROM service_expense WHERE id = NEW.counters_id;
        IF back.amount + NEW.amount <> 0 OR back.policy_id <> NEW.policy_id OR back.order_id <> NEW.order_id
            OR back.voucher <> NEW.voucher OR back.counters_id IS NOT NULL THEN
            RAISE EXCEPTION 'a counter entry takes back one entry, whole'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'expense_countered_whole';
        END IF;
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT 1 FROM service_expense e WHERE e.insurer_id = NEW.insurer_id AND e.voucher = NEW.voucher
            AND e.counters_id IS NULL AND NOT EXISTS (SELECT 1 FROM service_expense c WHERE c.counters_id = e.id)
    ) THEN
        RAISE EXCEPTION 'a voucher twice' USING ERRCODE = 'unique_violation', CONSTRAINT = 'expense_voucher_once';
    END IF;
    spent := bihuan_prevention_spent(NEW.policy_id) + NEW.amount;
    SELECT least(bihuan_prevention_cap(NEW.policy_id), coalesce(
        (SELECT amount FROM service_budget WHERE policy_id = NEW.policy_id ORDER BY id DESC LIMIT 1), 0)) INTO allowed;
    IF spent > allowed THEN
        RAISE EXCEPTION 'an expense beyond the budget or beyond 21 per cent of the premium received'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'expense_within_budget';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_within BEFORE INSERT ON service_budget FOR EACH ROW EXECUTE FUNCTION bihuan_budget_kept();
CREATE TRIGGER expense_within BEFORE INSERT ON service_expense FOR EACH ROW EXECUTE FUNCTION bihuan_expense_kept();
"""
ACCOUNT_BACK = """
DROP TRIGGER expense_within ON service_expense; DROP TRIGGER budget_within ON service_budget;
DROP FUNCTION bihuan_expense_kept(); DROP FUNCTION bihuan_budget_kept();
DROP FUNCTION bihuan_prevention_spent(bigint); DROP FUNCTION bihuan_prevention_cap(bigint);
"""
# A plan that both sides agreed to stands: neither it nor a line of it is changed.
AGREED = """
CREATE FUNCTION bihuan_plan_agreed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'service_plan' THEN
        IF OLD.state = 'agreed' AND to_jsonb(OLD) - ARRAY['goal', 'remark'] <> to_jsonb(NEW) - ARRAY['goal', 'remark']
        THEN
            RAISE EXCEPTION 'a plan that was agreed' USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_stands';
        END IF;
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM service_plan WHERE id IN (OLD.plan_id, NEW.plan_id) AND state = 'agreed')
        AND (TG_OP <> 'UPDATE' OR to_jsonb(OLD) - ARRAY['measures', 'people', 'goal']
            <> to_jsonb(NEW) - ARRAY['measures', 'people', 'goal']) THEN
        RAISE EXCEPTION 'a line of a plan that was agreed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_stands';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER plan_agreed BEFORE UPDATE ON service_plan FOR EACH ROW EXECUTE FUNCTION bihuan_plan_agreed();
CREATE TRIGGER plan_line_agreed BEFORE INSERT OR UPDATE OR DELETE ON service_planline
    FOR EACH ROW EXECUTE FUNCTION bihuan_plan_agreed();
"""
AGREED_BACK = """
DROP TRIGGER plan_line_agreed ON service_planline; DROP TRIGGER plan_agreed ON service_plan;
DROP FUNCTION bihuan_plan_agreed();
"""


class Migration(migrations.Migration):
    dependencies = [("service", "0001_initial"), ("portals", "0001_rules")]
    operations = [
        *(
            migrations.RunSQL(
                STANDS.format(table, up, by) + GUARDS[how].format(table, WORDS.get(table, "")), BACK.format(table)
            )
            for table, (up, by, how) in KEPT.items()
        ),
        migrations.RunSQL(NUMBER, "DROP SEQUENCE service_number;"),
        migrations.RunSQL(ACCOUNT, ACCOUNT_BACK),
        migrations.RunSQL(AGREED, AGREED_BACK),
    ]
