"""What the database keeps by itself of claims: an entry for each change, nothing removed, and the limit of the policy."""

from importlib import import_module

from django.db import migrations

rules = import_module("insurance.portals.migrations.0001_rules")
# As ``insurance/portals/migrations/0001_rules.py``.
KEPT = {
    "claims_term": ("claims_claim", "claim_id", "kept"),
    "claims_ask": ("claims_claim", "claim_id", "kept"),
    "claims_paper": ("claims_claim", "claim_id", "once"),
    "claims_assessment": ("claims_claim", "claim_id", "kept"),
    "claims_reservechange": ("claims_claim", "claim_id", "once"),
    "claims_pursuit": ("claims_claim", "claim_id", "kept"),
    "claims_payment": ("claims_claim", "claim_id", "once"),
    "claims_portion": ("claims_payment,claims_claim", "payment_id,claim_id", "once"),
}
WORDS = {"claims_paper": "'note', 'original_name'", "claims_reservechange": "'reason'"}
NUMBER = "CREATE SEQUENCE claims_number MINVALUE 1 MAXVALUE 999999 CYCLE;"
NUMBER_BACK = "DROP SEQUENCE claims_number;"
# Held whoever writes: what all claims take of a policy is within its limits, and its row is locked while that is so.
LIMIT = """
CREATE FUNCTION claim_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    each numeric;
    total numeric;
BEGIN
    SELECT limit_each, limit_total INTO each, total FROM policies_policy WHERE id = NEW.policy_id FOR NO KEY UPDATE;
    IF NEW.committed > each OR (SELECT sum(committed) FROM claims_claim WHERE policy_id = NEW.policy_id) > total THEN
        RAISE EXCEPTION 'claim % takes more than the limits of its policy', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_within_limits';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER claim_limits_born AFTER INSERT ON claims_claim
    FOR EACH ROW WHEN (NEW.committed > 0) EXECUTE FUNCTION claim_within_limits();
CREATE TRIGGER claim_limits AFTER UPDATE ON claims_claim
    FOR EACH ROW WHEN (NEW.committed > OLD.committed) EXECUTE FUNCTION claim_within_limits();
"""
LIMIT_BACK = """
DROP TRIGGER claim_limits ON claims_claim; DROP TRIGGER claim_limits_born ON claims_claim;
DROP FUNCTION claim_within_limits();
"""


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial"), ("portals", "0001_rules")]
    operations = [
        migrations.RunSQL(NUMBER, NUMBER_BACK),
        migrations.RunSQL(LIMIT, LIMIT_BACK),
        *(
            migrations.RunSQL(
                rules.STANDS.format(table)
                + rules.ACCOUNTED.format(table, up, by)
                + rules.GUARDS[how].format(table, WORDS.get(table, "")),
                rules.BACK.format(table),
            )
            for table, (up, by, how) in KEPT.items()
        ),
    ]
