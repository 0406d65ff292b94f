"""The limit that the database keeps is that of the event, as ``insurance/claims/limits.py`` has it."""

from importlib import import_module

from django.db import migrations

rules = import_module("insurance.claims.migrations.0002_rules")
# Of the endorsements in effect at ``event`` the one made last; before any, what the policy began with.
LIMIT = """
CREATE FUNCTION claim_limit(of_policy bigint, name text, event timestamptz, stands numeric) RETURNS numeric
    LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT (changes -> name ->> 1)::numeric FROM policies_endorsement
            WHERE policy_id = of_policy AND changes ? name AND effective_at <= event ORDER BY id DESC LIMIT 1),
        (SELECT (changes -> name ->> 0)::numeric FROM policies_endorsement
            WHERE policy_id = of_policy AND changes ? name ORDER BY id LIMIT 1),
        stands)
$$;
CREATE OR REPLACE FUNCTION claim_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    each numeric;
    total numeric;
    event timestamptz := coalesce(
        (SELECT at FROM policies_cover WHERE policy_id = NEW.policy_id AND case_id = NEW.case_id),
        (SELECT at FROM policies_judgement WHERE case_id = NEW.case_id), NEW.noticed_at);
BEGIN
    SELECT limit_each, limit_total INTO each, total FROM policies_policy WHERE id = NEW.policy_id FOR NO KEY UPDATE;
    each := claim_limit(NEW.policy_id, 'limit_each', event, each);
    total := claim_limit(NEW.policy_id, 'limit_total', event, total);
    IF NEW.committed > each OR (SELECT sum(committed) FROM claims_claim WHERE policy_id = NEW.policy_id) > total THEN
        RAISE EXCEPTION 'claim % takes more than the limits of its policy', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_within_limits';
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = rules.LIMIT.partition("CREATE TRIGGER")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
BACK = BEFORE + "DROP FUNCTION claim_limit(bigint, text, timestamptz, numeric);"


class Migration(migrations.Migration):
    dependencies = [("claims", "0002_rules"), ("policies", "0001_initial")]
    operations = [migrations.RunSQL(LIMIT, BACK)]
