"""What the law orders to be forgotten (PIPL art. 47) may be emptied, in one form only and never without an entry of it.

Append-only means since then: an update passes when an entry ``privacy.erase`` was written in the same transaction and
nothing changes but words that become the mark of an erasure. In the ledger the digests of the parts that are gone stay,
so that each entry gives the digest that it always gave.
"""

from django.db import migrations

MARK = "〔已依法删除〕"
# The sealed names of this day; a test holds them against the code's.
NAMES = """
    'answer', 'answerer', 'called', 'commander', 'conclusion', 'deputy_of', 'expert', 'experts', 'leader', 'name',
    'objectives', 'person', 'phone', 'posts', 'reason', 'recipient', 'reply', 'reporter', 'situation', 'text',
    'user', 'users', 'who', 'why', 'with'
"""
ERASING = f"""
CREATE FUNCTION bihuan_erasing() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM responsibility_ledgerentry
        WHERE verb = 'privacy.erase' AND xact = pg_current_xact_id()::text::bigint)
$$;
-- Whether the second differs from the first by nothing but texts that became the mark and numbers that became null.
CREATE FUNCTION bihuan_emptied(was jsonb, becomes jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF was = becomes OR was IS NULL AND becomes IS NULL THEN
        RETURN true;
    ELSIF jsonb_typeof(was) = 'string' THEN
        RETURN coalesce(becomes = to_jsonb('{MARK}'::text), false);
    ELSIF jsonb_typeof(was) = 'number' THEN
        RETURN coalesce(becomes = 'null', false);
    ELSIF jsonb_typeof(was) = 'object' AND jsonb_typeof(becomes) = 'object' THEN
        RETURN NOT EXISTS (SELECT 1 FROM jsonb_each(was) o FULL JOIN jsonb_each(becomes) n USING (key)
            WHERE o.value IS NULL OR n.value IS NULL OR NOT bihuan_emptied(o.value, n.value));
    ELSIF jsonb_typeof(was) = 'array' AND jsonb_typeof(becomes) = 'array' THEN
        RETURN jsonb_array_length(was) = jsonb_array_length(becomes) AND NOT EXISTS (
            SELECT 1 FROM generate_series(0, jsonb_array_length(was) - 1) at
            WHERE NOT bihuan_emptied(was -> at, becomes -> at));
    END IF;
    RETURN false;
END $$;
CREATE FUNCTION bihuan_only_erased(was jsonb, becomes jsonb, VARIADIC columns text[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN was - columns = becomes - columns AND bihuan_emptied(was, becomes) AND bihuan_erasing();
END $$;
-- The arguments of the trigger name the columns in which people's words stand.
CREATE OR REPLACE FUNCTION bihuan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_NARGS > 0 THEN
        IF bihuan_only_erased(to_jsonb(OLD), to_jsonb(NEW), VARIADIC TG_ARGV) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;

-- Which parts of an entry were sealed when it was written; as responsibility/sealing.py.
CREATE FUNCTION bihuan_sealed_parts(e jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(part ORDER BY part COLLATE "C") FROM (
        SELECT 'subject' AS part
        UNION ALL SELECT 'actor' WHERE e ->> 'actor_id' IS NOT NULL
        UNION ALL SELECT 'note' WHERE e ->> 'note' <> ''
        UNION ALL SELECT side || '.' || name FROM unnest(ARRAY['before', 'after']) side,
            jsonb_object_keys(e -> side) name WHERE name IN ({NAMES})
    ) parts
$$;
CREATE FUNCTION bihuan_part_of(e jsonb, part text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE part WHEN 'subject' THEN e -> 'subject_label' WHEN 'actor' THEN e -> 'actor_label'
        WHEN 'note' THEN e -> 'note' ELSE e -> split_part(part, '.', 1) -> split_part(part, '.', 2) END
$$;
CREATE FUNCTION bihuan_entry_erased(was jsonb, becomes jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    columns text[] := ARRAY['subject_label', 'actor_label', 'note', 'before', 'after', 'salt', 'salts', 'erased'];
    names text[] := ARRAY[{NAMES}];
    parts text[] := bihuan_sealed_parts(was);
    earlier jsonb := coalesce(nullif(was -> 'erased', 'null'), '{{}}');
    gone jsonb := coalesce(nullif(becomes -> 'erased', 'null'), '{{}}');
    kept jsonb := coalesce(nullif(becomes -> 'salts', 'null'), '{{}}');
    side text;
BEGIN
    -- Open columns stay, and so does what is open of before and after.
    IF was - columns <> becomes - columns OR bihuan_sealed_parts(becomes) <> parts THEN
        RETURN false;
    END IF;
    FOREACH side IN ARRAY ARRAY['before', 'after'] LOOP
        IF (was -> side) - names <> (becomes -> side) - names THEN
            RETURN false;
        END IF;
    END LOOP;
    -- What was sealed keeps the salt of the parts that are left, and loses that of the others.
    IF was ->> 'salt' IS NULL AND was ->> 'salts' IS NULL OR becomes ->> 'salt' IS NOT NULL OR NOT kept ? ''
        OR was ->> 'salt' IS NULL AND NOT was -> 'salts' @> kept
        OR gone = earlier OR NOT gone @> earlier
        OR EXISTS (SELECT 1 FROM (SELECT * FROM jsonb_each_text(gone) UNION ALL SELECT * FROM jsonb_each_text(kept)) all_
            WHERE value !~ '^[0-9a-f]{{64}}$')
        OR (SELECT array_agg(part ORDER BY part COLLATE "C") FROM
            (SELECT jsonb_object_keys(gone) AS part UNION ALL SELECT jsonb_object_keys(kept - '')) told) <> parts THEN
        RETURN false;
    END IF;
    -- A part is as it was, or it is gone and empty.
    RETURN NOT EXISTS (
        SELECT 1 FROM unnest(parts) part
        WHERE CASE WHEN gone ? part AND NOT earlier ? part
            THEN bihuan_part_of(was, part) = bihuan_part_of(becomes, part)
                OR NOT bihuan_emptied(bihuan_part_of(was, part), bihuan_part_of(becomes, part))
            ELSE bihuan_part_of(was, part) <> bihuan_part_of(becomes, part) END);
END $$;
CREATE OR REPLACE FUNCTION bihuan_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF bihuan_erasing() AND bihuan_entry_erased(to_jsonb(OLD), to_jsonb(NEW)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'responsibility_ledgerentry_append_only';
END $$;
"""
BACK = """
CREATE OR REPLACE FUNCTION bihuan_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'responsibility_ledgerentry_append_only';
END $$;
CREATE OR REPLACE FUNCTION bihuan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END $$;
DROP FUNCTION bihuan_entry_erased(jsonb, jsonb);
DROP FUNCTION bihuan_part_of(jsonb, text);
DROP FUNCTION bihuan_sealed_parts(jsonb);
DROP FUNCTION bihuan_only_erased(jsonb, jsonb, text[]);
DROP FUNCTION bihuan_emptied(jsonb, jsonb);
DROP FUNCTION bihuan_erasing();
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0012_ledger_sealed_and_parted")]
    operations = [migrations.RunSQL(ERASING, BACK)]
