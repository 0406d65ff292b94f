"""What the database keeps by itself: minima, holds, and the one way in which kept rows may go.

Days as in ``retention/classes.py``; a test compares.
"""

from django.db import migrations

MINIMA = {"readings": 184, "payloads": 1827, "evidence": 1827, "logins": 184, "notices": 184, "uploads": 1}
ENDLESS = ["readings", "payloads", "evidence", "logins", "notices"]
FOR_GOOD = ", ".join(f"'{code}'" for code in ENDLESS)
DAYS = " ".join(f"WHEN '{code}' THEN {days}" for code, days in MINIMA.items())

PERIODS = f"""
CREATE FUNCTION bihuan_retention_minimum(code text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE code {DAYS} END
$$;
ALTER TABLE retention_period ADD CONSTRAINT period_not_below_minimum CHECK (
    coalesce(days BETWEEN bihuan_retention_minimum(code) AND 36500, days IS NULL AND code IN ({FOR_GOOD})));
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
"""
HOLDS = """
CREATE CONSTRAINT TRIGGER hold_born AFTER INSERT ON retention_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_retention_accounted();
CREATE CONSTRAINT TRIGGER hold_accounted AFTER UPDATE OF lifted_at ON retention_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_retention_accounted();
-- Whoever lays a hold waits for the batch that is being removed, and the other way round (retention/periods.py).
CREATE FUNCTION bihuan_hold_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7309);
    RETURN NULL;
END $$;
CREATE TRIGGER hold_waits BEFORE INSERT ON retention_hold FOR EACH STATEMENT EXECUTE FUNCTION bihuan_hold_waits();
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
-- Whether something of a chain, of an object, of a moment is held. A case holds what is measured at its objects at any
-- time: what went before an alert is part of the question.
CREATE FUNCTION bihuan_held(of_chain uuid, of_object bigint, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM retention_hold h LEFT JOIN cases_case c ON c.id = h.case_id
        WHERE h.lifted_at IS NULL
        AND (h.case_id IS NULL OR c.chain = of_chain OR c.risk_object_id = of_object OR EXISTS (
            SELECT 1 FROM alerts_alert a WHERE a.chain = c.chain AND a.risk_object_id = of_object))
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
-- What a case is told and what is brought in goes as it did; held, it does not.
CREATE FUNCTION bihuan_held_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held boolean := false;
    row jsonb := to_jsonb(OLD);
BEGIN
    IF EXISTS (SELECT 1 FROM retention_hold WHERE lifted_at IS NULL) THEN
        IF TG_ARGV[0] = 'line' THEN
            SELECT bihuan_held(n.chain, NULL, n.at) INTO held FROM notices_notice n
            WHERE n.id = (row ->> 'notice_id')::bigint;
        ELSE
            held := bihuan_held((row ->> 'chain')::uuid, NULL, (row ->> TG_ARGV[0])::timestamptz);
        END IF;
    END IF;
    IF held THEN
        RAISE EXCEPTION 'a row of % is held', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'held_stays';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER notice_held BEFORE DELETE ON notices_notice FOR EACH ROW EXECUTE FUNCTION bihuan_held_stays('at');
CREATE TRIGGER line_held BEFORE DELETE ON notices_line FOR EACH ROW EXECUTE FUNCTION bihuan_held_stays('line');
CREATE TRIGGER upload_held BEFORE DELETE ON responsibility_upload
    FOR EACH ROW EXECUTE FUNCTION bihuan_held_stays('brought_at');
"""
# The one way out, for readings, for what sources sent, for files of proof.
WAYS = """
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
-- Of that shape and no other, so that a source that writes likewise keeps nothing by it.
CREATE FUNCTION bihuan_is_retired(payload jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(payload) = 'object' AND jsonb_typeof(payload -> 'retired') = 'object' THEN
        payload - 'retired' = '{}' AND (payload -> 'retired') - ARRAY['sha256', 'run'] = '{}'
        AND coalesce(payload -> 'retired' ->> 'sha256', '') ~ '^[0-9a-f]{64}$'
        AND coalesce(payload -> 'retired' ->> 'run', '') ~ '^[0-9a-f-]{36}$' ELSE false END
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
-- A file goes some years after its case was closed, with an entry of its own; a void case has no such day, so there
-- the day of the file counts.
CREATE FUNCTION bihuan_file_goes(of_case bigint, uploaded_at timestamptz, before timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM cases_case c WHERE c.id = of_case AND c.state IN ('closed', 'void')
        AND coalesce(c.closed_at, uploaded_at) < before AND NOT bihuan_held(c.chain, c.risk_object_id, uploaded_at))
$$;
CREATE FUNCTION bihuan_evidence_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), VARIADIC TG_ARGV) OR (OLD.removed_at IS NULL
            AND to_jsonb(OLD) - 'removed_at' = to_jsonb(NEW) - 'removed_at'
            AND bihuan_file_goes(OLD.case_id, OLD.uploaded_at, bihuan_retiring('evidence'))
            AND EXISTS (SELECT 1 FROM responsibility_ledgerentry e JOIN cases_case c ON c.chain = e.chain
                WHERE c.id = OLD.case_id AND e.verb = 'evidence.remove' AND e.after ->> 'sha256' = OLD.sha256
                AND e.after ->> 'kind' = OLD.kind AND e.at = NEW.removed_at
                AND e.xact = pg_current_xact_id()::text::bigint)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'cases_evidence is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'cases_evidence_append_only';
END $$;
DROP TRIGGER evidence_append_only ON cases_evidence;
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON cases_evidence
    FOR EACH ROW EXECUTE FUNCTION bihuan_evidence_kept('note', 'original_name');
-- Readings come in the order of time, so this costs next to nothing; of alerts those wait here that are as they came.
CREATE INDEX reading_received ON alerts_reading USING brin (received_at);
CREATE INDEX alert_unretired ON alerts_alert (received_at) WHERE payload <> '{}' AND NOT bihuan_is_retired(payload);
"""
PERIODS_BACK = """
DROP TRIGGER period_accounted ON retention_period;
DROP FUNCTION bihuan_retention_accounted();
DROP TRIGGER period_no_truncate ON retention_period;
DROP TRIGGER period_append_only ON retention_period;
ALTER TABLE retention_period DROP CONSTRAINT period_not_below_minimum;
DROP FUNCTION bihuan_retention_minimum(text);
"""
HOLDS_BACK = """
DROP TRIGGER upload_held ON responsibility_upload;
DROP TRIGGER line_held ON notices_line;
DROP TRIGGER notice_held ON notices_notice;
DROP FUNCTION bihuan_held_stays();
DROP FUNCTION bihuan_bound(uuid, bigint, timestamptz, timestamptz);
DROP FUNCTION bihuan_held(uuid, bigint, timestamptz);
DROP TRIGGER hold_no_truncate ON retention_hold;
DROP TRIGGER hold_kept ON retention_hold;
DROP FUNCTION bihuan_hold_kept();
DROP TRIGGER hold_waits ON retention_hold;
DROP FUNCTION bihuan_hold_waits();
DROP TRIGGER hold_accounted ON retention_hold;
DROP TRIGGER hold_born ON retention_hold;
"""
WAYS_BACK = """
DROP INDEX alert_unretired;
DROP INDEX reading_received;
DROP TRIGGER evidence_append_only ON cases_evidence;
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON cases_evidence
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only('note', 'original_name');
DROP TRIGGER alert_append_only ON alerts_alert;
CREATE TRIGGER alert_append_only BEFORE UPDATE OR DELETE ON alerts_alert
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only('title', 'payload', 'stated');
DROP TRIGGER reading_append_only ON alerts_reading;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON alerts_reading
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
DROP FUNCTION bihuan_evidence_kept();
DROP FUNCTION bihuan_file_goes(bigint, timestamptz, timestamptz);
DROP FUNCTION bihuan_alert_kept();
DROP FUNCTION bihuan_is_retired(jsonb);
DROP FUNCTION bihuan_retired(jsonb, text);
DROP FUNCTION bihuan_reading_kept();
DROP FUNCTION bihuan_retiring(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0001_initial"),
        ("notices", "0003_of_chain"),
        ("responsibility", "0016_archived_ids"),
        ("config", "0003_words_emptied"),
    ]
    operations = [
        migrations.RunSQL(PERIODS, PERIODS_BACK),
        migrations.RunSQL(HOLDS, HOLDS_BACK),
        migrations.RunSQL(WAYS, WAYS_BACK),
    ]
