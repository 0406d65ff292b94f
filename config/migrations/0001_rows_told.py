"""What no action of its own speaks of is told row by row, or refused: reference data, accounts, tokens, sources.

A change of such a row is noted in ``responsibility_change`` by the database itself, whoever makes it. At commit a note
that is still there refuses the transaction; it goes only when the chain of its row has an entry of this transaction
(``responsibility/rows_told.py`` writes it). Other tables get the triggers that were still missing.
"""

from django.db import migrations

# Each table with its key and the columns that are no matter of the record: what is counted by the work itself, and
# the instants at which somebody was last heard of.
TOLD = {
    "responsibility_district": ("id", ""),
    "responsibility_unit": ("id", ""),
    "responsibility_territory": ("id", ""),
    "responsibility_scenario": ("id", ""),
    "responsibility_category": ("id", ""),
    "responsibility_authority": ("id", ""),
    "responsibility_calendaryear": ("year", ""),
    "responsibility_calendarday": ("date", ""),
    "responsibility_user": ("id", "last_login"),
    "responsibility_user_groups": ("id", ""),
    "responsibility_user_user_permissions": ("id", ""),
    "auth_group": ("id", ""),
    "auth_group_permissions": ("id", ""),
    "responsibility_token": ("id", ""),
    "alerts_source": ("id", "heartbeat_at"),
    "alerts_riskobject": ("id", ""),
    "resources_capability": ("id", ""),
    "resources_kitline": ("id", ""),
    "resources_station": ("id", ""),
    "resources_resource": ("id", "stock,reserved,ready"),
    "resources_offer": ("id", ""),
    "handbook_step": ("id", ""),
    "notary_witness": ("id", ""),
    "notary_outlet": ("id", "size,sent_at,next_at,failures,error"),
}
FUNCTIONS = """
CREATE TABLE responsibility_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    of_table text NOT NULL,
    of_row text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL
);
-- Texts, so that they are spelled alike by whoever hashes them. What is long or opens a door is told by its digest.
CREATE FUNCTION bihuan_row_said(line jsonb, untold text[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN length(value) > 1000 OR key IN ('password', 'digest', 'key_digest', 'url')
        THEN 'sha256:' || encode(sha256(convert_to(value, 'UTF8')), 'hex') ELSE value END), '{}')
    FROM jsonb_each_text(line) WHERE key <> ALL (untold)
$$;
CREATE FUNCTION bihuan_row_changed() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    was jsonb := '{}';
    becomes jsonb := '{}';
    untold text[] := string_to_array(TG_ARGV[1], ',') || TG_ARGV[0];
    named text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := bihuan_row_said(to_jsonb(OLD), untold);
        named := to_jsonb(OLD) ->> TG_ARGV[0];
    END IF;
    IF TG_OP <> 'DELETE' THEN
        -- What is counted by the work itself is told as it was in the beginning.
        becomes := bihuan_row_said(to_jsonb(NEW), CASE TG_OP WHEN 'INSERT' THEN ARRAY[TG_ARGV[0]] ELSE untold END);
        IF named <> to_jsonb(NEW) ->> TG_ARGV[0] THEN
            RAISE EXCEPTION 'a row of % keeps its key', TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = 'row_keeps_key';
        END IF;
        named := to_jsonb(NEW) ->> TG_ARGV[0];
    END IF;
    IF was <> becomes THEN
        INSERT INTO responsibility_change (of_table, of_row, before, after)
        VALUES (TG_TABLE_NAME, named, was, becomes);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION bihuan_row_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM responsibility_change WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'row % of % changed without a ledger entry', NEW.of_row, NEW.of_table
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER change_told AFTER INSERT ON responsibility_change
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_row_told();
CREATE FUNCTION bihuan_change_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- As responsibility/rows_told.py derives it.
        IF bihuan_has_entry(md5(OLD.of_table || ':' || OLD.of_row)::uuid) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'row % of % changed without a ledger entry', OLD.of_row, OLD.of_table
        USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
END $$;
CREATE TRIGGER change_kept BEFORE UPDATE OR DELETE ON responsibility_change
    FOR EACH ROW EXECUTE FUNCTION bihuan_change_kept();
CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON responsibility_change
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
FUNCTIONS_BACK = """
DROP TABLE responsibility_change;
DROP FUNCTION bihuan_change_kept(); DROP FUNCTION bihuan_row_told(); DROP FUNCTION bihuan_row_changed();
DROP FUNCTION bihuan_row_said(jsonb, text[]);
"""
CHANGED = """
CREATE TRIGGER row_changed AFTER INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION bihuan_row_changed('{1}', '{2}');
"""
EMPTIED = """
CREATE TRIGGER row_no_truncate BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION bihuan_append_only();
"""
# These had words in the ledger, and nothing that asked for them; or a rule for one way in and none for another.
NOT_EMPTIED = [
    "cases_clockevent", "cases_situationreport", "cases_order_proof", "notary_cosignature", "notary_signingkey",
    "notices_channel", "notices_notice", "responsibility_handover", "responsibility_upload",
]  # fmt: skip
ASKED = """
CREATE FUNCTION bihuan_owned_accounted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    wanted uuid;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'cases_clockevent' THEN
            SELECT c.chain INTO wanted FROM cases_deadline d JOIN cases_case c ON c.id = d.case_id
            WHERE d.id = (line ->> 'deadline_id')::bigint;
        WHEN 'cases_order_proof' THEN
            SELECT c.chain INTO wanted FROM cases_order o JOIN cases_case c ON c.id = o.case_id
            WHERE o.id = (line ->> 'order_id')::bigint;
        WHEN 'responsibility_handover' THEN
            SELECT s.chain INTO wanted FROM responsibility_shift s WHERE s.id = (line ->> 'shift_id')::bigint;
        WHEN 'responsibility_upload' THEN
            wanted := (line ->> 'chain')::uuid;
        WHEN 'notices_channel' THEN
            wanted := md5('channels:' || (line ->> 'unit_id'))::uuid;
    END CASE;
    IF NOT bihuan_has_entry(wanted) THEN
        RAISE EXCEPTION 'a row of % changed without a ledger entry', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'row_accounted';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER clock_event_born AFTER INSERT ON cases_clockevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_owned_accounted();
CREATE CONSTRAINT TRIGGER order_proof_born AFTER INSERT ON cases_order_proof
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_owned_accounted();
CREATE CONSTRAINT TRIGGER handover_accounted AFTER INSERT OR UPDATE OR DELETE ON responsibility_handover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_owned_accounted();
CREATE CONSTRAINT TRIGGER channel_accounted AFTER INSERT OR UPDATE OR DELETE ON notices_channel
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_owned_accounted();
-- The dry run of a file, and who is waiting for it, are no act: only its coming and its import are.
CREATE CONSTRAINT TRIGGER upload_born AFTER INSERT ON responsibility_upload
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bihuan_owned_accounted();
CREATE CONSTRAINT TRIGGER upload_accounted AFTER UPDATE ON responsibility_upload
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        (OLD.id, OLD.chain, OLD."table", OLD.scope, OLD.sha256, OLD.file_name, OLD.size, OLD.brought_at,
            OLD.brought_by_id, OLD.applied_at)
        IS DISTINCT FROM (NEW.id, NEW.chain, NEW."table", NEW.scope, NEW.sha256, NEW.file_name, NEW.size,
            NEW.brought_at, NEW.brought_by_id, NEW.applied_at))
    EXECUTE FUNCTION bihuan_owned_accounted();
CREATE TRIGGER upload_kept BEFORE DELETE ON responsibility_upload
    FOR EACH ROW WHEN (OLD.applied_at IS NOT NULL) EXECUTE FUNCTION bihuan_append_only();
CREATE TRIGGER cosignature_append_only BEFORE UPDATE OR DELETE ON notary_cosignature
    FOR EACH ROW EXECUTE FUNCTION bihuan_append_only();
"""
ASKED_BACK = """
DROP TRIGGER cosignature_append_only ON notary_cosignature;
DROP TRIGGER upload_kept ON responsibility_upload;
DROP TRIGGER upload_accounted ON responsibility_upload; DROP TRIGGER upload_born ON responsibility_upload;
DROP TRIGGER channel_accounted ON notices_channel;
DROP TRIGGER handover_accounted ON responsibility_handover; DROP TRIGGER order_proof_born ON cases_order_proof;
DROP TRIGGER clock_event_born ON cases_clockevent;
DROP FUNCTION bihuan_owned_accounted();
"""

# More parts of an entry are sealed than before; as responsibility/sealing.py.
SEALED = """
DO $$
DECLARE
    which regprocedure;
BEGIN
    FOREACH which IN ARRAY ARRAY['bihuan_sealed_parts(jsonb)', 'bihuan_entry_erased(jsonb,jsonb)']::regprocedure[] LOOP
        EXECUTE replace(pg_get_functiondef(which), $was${0}$was$, $now${1}$now$);
    END LOOP;
END $$;
"""
BEFORE = "'answer', "
BEHIND = "'address', 'attributes', 'email', 'first_name', 'full_name', 'last_name', 'username', 'answer', "


def _drop(trigger: str, tables) -> str:
    return "".join(f"DROP TRIGGER {trigger} ON {table};\n" for table in tables)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("responsibility", "0013_erasure"),
        ("notices", "0003_of_chain"),
        ("handbook", "0003_dated_chains"),
        ("notary", "0003_witnesses"),
        ("alerts", "0009_dated_chains"),
        ("resources", "0005_loaded"),
        ("cases", "0022_erasure"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.RunSQL(
            "".join(CHANGED.format(table, *how) for table, how in TOLD.items()), _drop("row_changed", TOLD)
        ),
        migrations.RunSQL(
            "".join(EMPTIED.format(table) for table in [*TOLD, *NOT_EMPTIED]),
            _drop("row_no_truncate", [*TOLD, *NOT_EMPTIED]),
        ),
        migrations.RunSQL(ASKED, ASKED_BACK),
        migrations.RunSQL(SEALED.format(BEFORE, BEHIND), SEALED.format(BEHIND, BEFORE)),
    ]
