"""Names and words under seal, and the ledger in one part for each month along the names of its chains.

A chain is wholly in one part, so its numbers stay unique. What has no date, and what comes before a part is there,
lies in the default part: nothing is refused for want of one. Parts of the next months are made each night.
"""

from django.db import migrations, models

import responsibility.chains

PARTED = """
ALTER TABLE responsibility_ledgerentry RENAME TO ledgerentry_whole;
CREATE TABLE responsibility_ledgerentry (LIKE ledgerentry_whole INCLUDING DEFAULTS) PARTITION BY RANGE (chain);
CREATE TABLE responsibility_ledgerentry_undated PARTITION OF responsibility_ledgerentry DEFAULT;
CREATE SEQUENCE ledgerentry_id OWNED BY responsibility_ledgerentry.id;
ALTER TABLE responsibility_ledgerentry ALTER COLUMN id SET DEFAULT nextval('ledgerentry_id');
INSERT INTO responsibility_ledgerentry SELECT * FROM ledgerentry_whole;
SELECT setval('ledgerentry_id', greatest((SELECT max(id) FROM responsibility_ledgerentry), 1),
    EXISTS (SELECT 1 FROM responsibility_ledgerentry));
DROP TABLE ledgerentry_whole;
ALTER TABLE responsibility_ledgerentry
    ADD CONSTRAINT responsibility_ledgerentry_pkey PRIMARY KEY (id, chain),
    ADD CONSTRAINT ledger_chain_seq UNIQUE (chain, seq),
    ADD CONSTRAINT ledger_seq_from_one CHECK (seq >= 1),
    ADD CONSTRAINT ledgerentry_actor FOREIGN KEY (actor_id) REFERENCES responsibility_user (id)
        DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX responsibil_actor_i_2493b9_idx ON responsibility_ledgerentry (actor_id, id);
CREATE INDEX responsibil_verb_899388_idx ON responsibility_ledgerentry (verb, id);

-- The name of the whole, whichever part is meant.
CREATE FUNCTION bihuan_ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'responsibility_ledgerentry_append_only';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON responsibility_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION bihuan_ledger_kept();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON responsibility_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_ledger_kept();
-- TRUNCATE of a part passes by the triggers of the whole.
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON responsibility_ledgerentry_undated
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_ledger_kept();

-- The lowest name of a chain that begins in the month of a day, by UTC: the first 48 bits are milliseconds.
CREATE FUNCTION bihuan_first_chain(day date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM date_trunc('month', day::timestamp)) * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
$$;
-- Make the part of the month of a day; whether it was missing.
CREATE FUNCTION bihuan_ledger_part(day date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE part text := 'responsibility_ledgerentry_' || to_char(day, 'YYYY_MM');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF responsibility_ledgerentry FOR VALUES FROM (%L) TO (%L)',
        part, bihuan_first_chain(day), bihuan_first_chain((day + interval '1 month')::date));
    EXECUTE format('CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON %I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION bihuan_ledger_kept()', part);
    RETURN true;
END $$;
SELECT bihuan_ledger_part((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date)
    FROM generate_series(0, 12) AS ahead;
"""


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0011_handbook_leaves")]
    operations = [
        migrations.AddField(
            "ledgerentry", "salt", models.BinaryField(max_length=16, null=True, editable=False, verbose_name="盐")
        ),
        migrations.AddField("ledgerentry", "salts", models.JSONField(null=True, editable=False, verbose_name="余盐")),
        migrations.AddField(
            "ledgerentry", "erased", models.JSONField(null=True, editable=False, verbose_name="已删除部分")
        ),
        migrations.AlterField(
            "edition",
            "chain",
            models.UUIDField(default=responsibility.chains.standing, unique=True, verbose_name="闭环链"),
        ),
        migrations.AlterField(
            "upload",
            "chain",
            models.UUIDField(default=responsibility.chains.dated, unique=True, verbose_name="闭环链"),
        ),
        # Back into one table is not offered: what is sealed could not be read by what came before.
        migrations.RunSQL(PARTED),
    ]
