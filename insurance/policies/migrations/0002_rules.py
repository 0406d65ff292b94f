"""What the database keeps by itself of policies: shares are 100 together, and no more goes back than came in."""

from django.db import migrations

SHARES = """
CREATE FUNCTION bihuan_shares_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_policy bigint := CASE TG_TABLE_NAME WHEN 'policies_policy' THEN (to_jsonb(NEW) ->> 'id')::bigint
        ELSE (to_jsonb(NEW) ->> 'policy_id')::bigint END;
BEGIN
    IF (SELECT coalesce(sum(percent), 0) FROM policies_share WHERE policy_id = of_policy) <> 100
        OR NOT EXISTS (SELECT 1 FROM policies_share s JOIN policies_policy p ON p.id = s.policy_id
                       WHERE p.id = of_policy AND s.insurer_id = p.insurer_id) THEN
        RAISE EXCEPTION 'the shares of policy % are not 100 together, or its lead has none', of_policy
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER share_whole AFTER INSERT OR UPDATE ON policies_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_shares_whole();
CREATE CONSTRAINT TRIGGER policy_shared AFTER INSERT OR UPDATE OF insurer_id ON policies_policy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_shares_whole();
"""
SHARES_BACK = """
DROP TRIGGER policy_shared ON policies_policy; DROP TRIGGER share_whole ON policies_share;
DROP FUNCTION bihuan_shares_whole();
"""
RETURNED = """
CREATE FUNCTION bihuan_premium_received() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM policies_premium WHERE policy_id = NEW.policy_id) < 0 THEN
        RAISE EXCEPTION 'more premium of policy % went back than came in', NEW.policy_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'premium_received';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER premium_received AFTER INSERT ON policies_premium
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_premium_received();
"""
RETURNED_BACK = "DROP TRIGGER premium_received ON policies_premium; DROP FUNCTION bihuan_premium_received();"


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]
    operations = [migrations.RunSQL(SHARES, SHARES_BACK), migrations.RunSQL(RETURNED, RETURNED_BACK)]
