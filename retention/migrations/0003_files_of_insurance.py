"""Two classes more, for files of prevention service and of claims, with the rule that says when a file may go.

Days as in ``retention/classes.py``; a test compares.
"""

from django.db import migrations

BEFORE = {"readings": 184, "payloads": 1827, "evidence": 1827, "logins": 184, "notices": 184, "uploads": 1}
MINIMA = BEFORE | {"prevention": 1827, "claims": 3653}
ENDLESS = ["readings", "payloads", "evidence", "logins", "notices", "prevention", "claims"]


def minima(days: dict[str, int], endless: list[str]) -> str:
    """What a period is at least, and which classes may be kept for good."""
    cases = " ".join(f"WHEN '{code}' THEN {least}" for code, least in days.items())
    for_good = ", ".join(f"'{code}'" for code in endless)
    return f"""
ALTER TABLE retention_period DROP CONSTRAINT period_not_below_minimum;
CREATE OR REPLACE FUNCTION bihuan_retention_minimum(code text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE code {cases} END
$$;
ALTER TABLE retention_period ADD CONSTRAINT period_not_below_minimum CHECK (
    coalesce(days BETWEEN bihuan_retention_minimum(code) AND 36500, days IS NULL AND code IN ({for_good})));
"""


RULES = """
-- Whether something that was found on an order is still worked, or the case that came of it is worked or held.
CREATE FUNCTION bihuan_found_on(of_order bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM findings_finding f LEFT JOIN cases_case c ON c.number = f.case_number AND f.case_number <> ''
        WHERE f.order_id = of_order AND (
            f.closed_at IS NULL OR c.state NOT IN ('closed', 'void') OR bihuan_held(c.chain, c.risk_object_id, f.told_at)))
$$;
-- Every row that names a file: its class, since when it counts (empty while it is worked), when the file came, the chain
-- on which its removal is told and what that chain is of, and the case and the object by which it may be held.
CREATE FUNCTION bihuan_papers() RETURNS TABLE (
    kind text, row_id bigint, code text, over_at timestamptz, came_at timestamptz, sha256 text, chain uuid, number text,
    of_case uuid, of_object bigint
) LANGUAGE sql STABLE AS $$
    SELECT 'service_photo', t.id, 'prevention', CASE WHEN o.ended_at IS NOT NULL AND (c.id IS NULL OR c.state IN ('closed', 'void'))
            AND NOT bihuan_found_on(o.id) THEN greatest(o.ended_at, c.closed_at) END, v.sent_at, t.sha256, o.chain, o.number, c.chain,
        o.risk_object_id
    FROM service_photo t JOIN service_visit v ON v.id = t.visit_id JOIN service_serviceorder o ON o.id = v.order_id
    LEFT JOIN cases_case c ON c.id = o.case_id
    UNION ALL
    SELECT 'service_sentphoto', t.id, 'prevention', CASE WHEN o.ended_at IS NOT NULL AND (c.id IS NULL OR c.state IN ('closed', 'void'))
            AND NOT bihuan_found_on(o.id) THEN greatest(o.ended_at, c.closed_at) END, t.sent_at, t.sha256, o.chain, o.number, c.chain,
        o.risk_object_id
    FROM service_sentphoto t JOIN service_serviceorder o ON o.id = t.order_id
    LEFT JOIN cases_case c ON c.id = o.case_id
    UNION ALL
    SELECT 'findings_proof', t.id, 'prevention', CASE WHEN f.closed_at IS NOT NULL AND (c.id IS NULL OR c.state IN ('closed', 'void'))
            THEN greatest(f.closed_at, c.closed_at) END, t.uploaded_at, t.sha256, f.chain, f.number, c.chain,
        f.risk_object_id
    FROM findings_proof t JOIN findings_finding f ON f.id = t.finding_id
    LEFT JOIN cases_case c ON c.number = f.case_number AND f.case_number <> ''
    UNION ALL
    SELECT 'findings_checkphoto', t.id, 'prevention', s.at, t.uploaded_at, t.sha256, r.chain, o.code, NULL,
        r.risk_object_id
    FROM findings_checkphoto t JOIN findings_selfcheck s ON s.id = t.self_check_id
    JOIN findings_register r ON r.id = s.register_id JOIN alerts_riskobject o ON o.id = r.risk_object_id
    UNION ALL
    SELECT 'claims_paper', t.id, 'claims', CASE WHEN k.ended_at IS NOT NULL AND c.state IN ('closed', 'void')
            AND NOT EXISTS (SELECT 1 FROM claims_pursuit u WHERE u.claim_id = k.id AND u.ended_at IS NULL)
            THEN greatest(k.ended_at, c.closed_at, least(p.ends_at, p.cancelled_at)) END, t.given_at, t.sha256, k.chain,
        k.number, c.chain, c.risk_object_id
    FROM claims_paper t JOIN claims_claim k ON k.id = t.claim_id JOIN policies_policy p ON p.id = k.policy_id
    JOIN cases_case c ON c.id = k.case_id
$$;
-- Whether the file of a row may go, of what was over before "before". What is still worked has no day and stays.
CREATE FUNCTION bihuan_paper_goes(of_kind text, of_row bigint, before timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM bihuan_papers() p WHERE p.kind = of_kind AND p.row_id = of_row AND p.over_at < before
        AND NOT bihuan_held(p.of_case, p.of_object, p.came_at))
$$;
-- A file is written down as gone in a run that the ledger tells of, with an entry of its own, and not before its time.
CREATE FUNCTION bihuan_file_removed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_class text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT p.code INTO of_class FROM bihuan_papers() p
        WHERE p.kind = NEW.kind AND p.row_id = NEW.row_id AND p.sha256 = NEW.sha256 AND p.chain = NEW.chain;
        IF bihuan_paper_goes(NEW.kind, NEW.row_id, bihuan_retiring(of_class)) AND EXISTS (
            SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = NEW.chain AND e.verb = 'file.remove'
                AND e.after ->> 'kind' = NEW.kind AND e.after ->> 'row' = NEW.row_id::text AND e.at = NEW.at
                AND e.after ->> 'sha256' = NEW.sha256 AND e.xact = pg_current_xact_id()::text::bigint) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'service_removedfile is written by a run of retention alone'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'service_removedfile_append_only';
END $$;
CREATE TRIGGER removed_file_kept BEFORE INSERT OR UPDATE OR DELETE ON service_removedfile
    FOR EACH ROW EXECUTE FUNCTION bihuan_file_removed();
CREATE TRIGGER removed_file_no_truncate BEFORE TRUNCATE ON service_removedfile
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
RULES_BACK = """
DROP TRIGGER removed_file_no_truncate ON service_removedfile;
DROP TRIGGER removed_file_kept ON service_removedfile;
DROP FUNCTION bihuan_file_removed();
DROP FUNCTION bihuan_paper_goes(text, bigint, timestamptz);
DROP FUNCTION bihuan_papers();
DROP FUNCTION bihuan_found_on(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0002_rules"),
        ("service", "0003_removedfile"),
        ("findings", "0002_rules"),
        ("claims", "0003_limits_of_the_event"),
        ("policies", "0003_judged_place"),
    ]
    operations = [
        migrations.RunSQL(minima(MINIMA, ENDLESS), minima(BEFORE, ENDLESS[:5])),
        migrations.RunSQL(RULES, RULES_BACK),
    ]
