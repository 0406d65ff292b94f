"""What the database keeps by itself: minima, holds, and the one way in which kept rows may go.

Days as in ``retention/classes.py``; a test compares.
"""

from django.db import migrations

MINIMA = {"readings": 184, "payloads": 184, "logins": 184, "notices": 30, "uploads": 1}
CASES = " ".join(f"WHEN '{code}' THEN {days}" for code, days in MINIMA.items())

RULES = f"""
CREATE FUNCTION bihuan_retention_minimum(code text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE code {CASES} END
$$;
ALTER TABLE retention_period ADD CONSTRAINT period_not_below_minimum
    CHECK (coalesce(days >= bihuan_retention_minimum(code) AND days <= 36500, false));
CREATE TRIGGER period_append_only BEFORE UPDATE OR DELETE ON retention_period
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only('reason');
CREATE TRIGGER period_no_truncate BEFORE TRUNCATE ON retention_period
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

CREATE FUNCTION bihuan_retention_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT bihuan_has_entry(NEW.chain) THEN
        RAISE EXCEPTION 'a row of % changed without a ledger entry', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER period_accounted AFTER INSERT ON retention_period
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_retention_accounted();
CREATE CONSTRAINT TRIGGER hold_born AFTER INSERT ON retention_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_retention_accounted();
CREATE CONSTRAINT TRIGGER hold_accounted AFTER UPDATE OF lifted_at ON retention_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_retention_accounted();

-- A hold is lifted once, and nothing else of it changes.
CREATE FUNCTION bihuan_hold_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
            AND to_jsonb(OLD) - ARRAY['lifted_at', 'lifted_by_id'] = to_jsonb(NEW) - ARRAY['lifted_at', 'lifted_by_id']
            OR bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), 'reason') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a hold is lifted and never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_hold_append_only';
END $$;
CREATE TRIGGER hold_kept BEFORE UPDATE OR DELETE ON retention_hold FOR EACH ROW EXECUTE FUNCTION bihuan_hold_kept();
CREATE TRIGGER hold_no_truncate BEFORE TRUNCATE ON retention_hold
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();

-- Whether something of a chain, of an object, of a moment is held.
CREATE FUNCTION bihuan_held(of_chain uuid, of_object bigint, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM retention_hold h LEFT JOIN cases_case c ON c.id = h.case_id
        WHERE h.lifted_at IS NULL
        AND (h.case_id IS NULL OR c.chain = of_chain OR c.risk_object_id = of_object
            AND moment >= c.opened_at - interval '1 day'
            AND (c.state NOT IN ('closed', 'void') OR moment <= c.closed_at + interval '1 day'))
        AND (h.risk_object_id IS NULL OR h.risk_object_id = of_object
            OR EXISTS (SELECT 1 FROM cases_case o WHERE o.chain = of_chain AND o.risk_object_id = h.risk_object_id))
        AND (h.since IS NULL OR moment >= h.since) AND (h.until IS NULL OR moment < h.until))
$$;
-- Or belongs to a case that is worked, or was until after "before".
CREATE FUNCTION bihuan_bound(of_chain uuid, of_object bigint, moment timestamptz, before timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT bihuan_held(of_chain, of_object, moment) OR EXISTS (
        SELECT 1 FROM cases_case c
        WHERE (c.chain = of_chain OR of_chain IS NULL AND c.risk_object_id = of_object
            AND moment >= c.opened_at - interval '1 day'
            AND (c.state NOT IN ('closed', 'void') OR moment <= c.closed_at + interval '1 day'))
        AND (c.state NOT IN ('closed', 'void') OR c.closed_at >= before))
$$;
-- Up to when this transaction may remove of a class, if it is a run that the ledger tells of.
CREATE FUNCTION bihuan_retiring(code text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT at - make_interval(days => bihuan_retention_minimum(code)) FROM responsibility_ledgerentry
    WHERE chain = nullif(current_setting('bihuan.run', true), '')::uuid AND verb = 'retention.run'
        AND xact = pg_current_xact_id()::text::bigint
$$;
CREATE FUNCTION bihuan_reading_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    upto timestamptz := bihuan_retiring('readings');
BEGIN
    IF TG_OP = 'DELETE' AND OLD.received_at < upto
        AND NOT bihuan_bound(NULL, OLD.risk_object_id, OLD.observed_at, upto) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'alerts_reading is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'alerts_reading_append_only';
END $$;
DROP TRIGGER reading_append_only ON alerts_reading;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_reading_kept();
-- What stands for the original: its digest, and the run whose entry tells of it.
CREATE FUNCTION bihuan_retired(payload jsonb, run text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('retired', jsonb_build_object(
        'sha256', encode(sha256(convert_to(payload::text, 'UTF8')), 'hex'), 'run', run))
$$;
CREATE FUNCTION bihuan_alert_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    upto timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        upto := bihuan_retiring('payloads');
        IF bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), VARIADIC TG_ARGV) OR (OLD.received_at < upto
            AND to_jsonb(OLD) - 'payload' = to_jsonb(NEW) - 'payload'
            AND NEW.payload = bihuan_retired(OLD.payload, current_setting('bihuan.run', true))
            AND NOT bihuan_bound(OLD.chain, OLD.risk_object_id, OLD.received_at, upto)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'alerts_alert is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'alerts_alert_append_only';
END $$;
DROP TRIGGER alert_append_only ON alerts_alert;
CREATE TRIGGER alert_append_only BEFORE UPDATE OR DELETE ON alerts_alert
    FOR EACH ROW EXECUTE FUNCTION bihuan_alert_kept('title', 'payload', 'stated');
-- They come in the order of time, so this costs next to nothing.
CREATE INDEX reading_received ON alerts_reading USING brin (received_at);
"""
BACK = """
DROP INDEX reading_received;
DROP TRIGGER alert_append_only ON alerts_alert;
CREATE TRIGGER alert_append_only BEFORE UPDATE OR DELETE ON alerts_alert
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only('title', 'payload', 'stated');
DROP TRIGGER reading_append_only ON alerts_reading;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
DROP FUNCTION bihuan_alert_kept(); DROP FUNCTION bihuan_retired(jsonb, text); DROP FUNCTION bihuan_reading_kept();
DROP FUNCTION bihuan_retiring(text);
DROP FUNCTION bihuan_bound(uuid, bigint, timestamptz, timestamptz);
DROP FUNCTION bihuan_held(uuid, bigint, timestamptz);
DROP TRIGGER hold_no_truncate ON retention_hold; DROP TRIGGER hold_kept ON retention_hold;
DROP TRIGGER hold_accounted ON retention_hold; DROP TRIGGER hold_born ON retention_hold;
DROP TRIGGER period_accounted ON retention_period; DROP TRIGGER period_no_truncate ON retention_period;
DROP TRIGGER period_append_only ON retention_period;
DROP FUNCTION bihuan_hold_kept(); DROP FUNCTION bihuan_retention_accounted();
ALTER TABLE retention_period DROP CONSTRAINT period_not_below_minimum;
DROP FUNCTION bihuan_retention_minimum(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0001_initial"),
        ("cases", "0023_born_with_its_case"),
        ("alerts", "0009_dated_chains"),
        ("responsibility", "0015_archive"),
        ("config", "0001_rows_told"),
    ]
    operations = [migrations.RunSQL(RULES, BACK)]
