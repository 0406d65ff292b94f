"""Of each row of the record the database keeps what it was when it was written honestly, until the ledger tells it.

Whoever writes such a row, by whatever way, leaves a line: the digest of the row as it was and as it became.
``responsibility/stands.py`` brings the lines into the ledger each minute, ``config/stands.py`` compares. What is done
with the triggers off leaves no line, and so does not fit. The digest of a row is salted; the salt changes with the row,
so that nothing that was erased can be guessed from what is told of it.
"""

from django.db import migrations

# Each table with its key and the columns that are no matter of the record. What has no words here is told otherwise:
# see ``config/stands.py``.
WATCHED = {
    "responsibility_post": ("id", ""),
    "responsibility_edition": ("id", ""),
    "responsibility_duty": ("id", ""),
    "responsibility_opinion": ("id", ""),
    "responsibility_upload": ("id", "lines,state,stale,counts,faults,fault_count,shown,plan,applied_by_id"),
    "responsibility_shift": ("id", ""),
    "responsibility_handover": ("id", ""),
    "handbook_version": ("id", ""),
    "notices_channel": ("id", ""),
    "alerts_alert": ("id", ""),
    "alerts_drill": ("id", ""),
    "alerts_drillalert": ("id", ""),
    "cases_request": ("id", ""),
    "cases_evidence": ("id", ""),
    "cases_pause": ("id", ""),
    "cases_urging": ("id", ""),
    "cases_grant": ("id", ""),
    "cases_checklistmark": ("id", ""),
    "cases_order": ("id", ""),
    "cases_order_proof": ("id", ""),
    "cases_advice": ("id", ""),
    "cases_dispatch": ("id", ""),
    "cases_dispatchline": ("id", ""),
    "cases_command": ("id", ""),
    "cases_situationreport": ("id", ""),
    "accountability_statement": ("id", ""),
    "accountability_recheck": ("id", ""),
    "accountability_drawseed": ("id", ""),
    "accountability_consequence": ("id", ""),
    "accountability_answer": ("id", ""),
    "desk_question": ("id", ""),
    "desk_sealed": ("id", ""),
    "notary_signingkey": ("id", ""),
    "notary_checkpoint": ("id", ""),
    "notary_cosignature": ("id", ""),
    "notary_sighting": ("id", ""),
    "retention_period": ("id", ""),
    "retention_hold": ("id", ""),
}
# Rows that are told one by one, and may be older than that: as ``0001_rows_told`` has them.
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
CREATE TABLE responsibility_stand (
    of_table text NOT NULL,
    of_row text NOT NULL,
    salt bytea NOT NULL,
    PRIMARY KEY (of_table, of_row)
);
CREATE TABLE responsibility_line (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    of_table text NOT NULL,
    of_row text NOT NULL,
    was text,
    becomes text
);
-- Columns without a value do not count, so that one which comes later changes no digest. 128 bits: a second row of one
-- digest would have to be found, not a pair of rows.
CREATE FUNCTION bihuan_row_digest(said jsonb, salt bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(encode(sha256(salt || convert_to(jsonb_strip_nulls(said)::text, 'UTF8')), 'hex'), 32)
$$;
CREATE FUNCTION bihuan_rows_born() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    untold text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    WITH born AS MATERIALIZED (
        SELECT to_jsonb(n) ->> TG_ARGV[0] AS of_row, to_jsonb(n) - untold AS said, uuid_send(gen_random_uuid()) AS salt
        FROM fresh n
    ), salted AS (
        INSERT INTO responsibility_stand (of_table, of_row, salt) SELECT TG_TABLE_NAME, of_row, salt FROM born
        ON CONFLICT (of_table, of_row) DO UPDATE SET salt = excluded.salt
    )
    INSERT INTO responsibility_line (of_table, of_row, becomes)
    SELECT TG_TABLE_NAME, of_row, bihuan_row_digest(said, salt) FROM born;
    RETURN NULL;
END $$;
CREATE FUNCTION bihuan_row_moved() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    untold text[] := string_to_array(TG_ARGV[1], ',');
    was jsonb := to_jsonb(OLD) - untold;
    named text := to_jsonb(OLD) ->> TG_ARGV[0];
    becomes jsonb;
    former bytea;
    salt bytea;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        becomes := to_jsonb(NEW) - untold;
        IF becomes = was THEN
            RETURN NULL;
        END IF;
        salt := uuid_send(gen_random_uuid());
    END IF;
    DELETE FROM responsibility_stand s WHERE s.of_table = TG_TABLE_NAME AND s.of_row = named RETURNING s.salt INTO former;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO responsibility_stand VALUES (TG_TABLE_NAME, named, salt);
    END IF;
    INSERT INTO responsibility_line (of_table, of_row, was, becomes)
    VALUES (TG_TABLE_NAME, named, bihuan_row_digest(was, former), bihuan_row_digest(becomes, salt));
    RETURN NULL;
END $$;
-- What stands in a table and was never told, told as it stands now; how many rows. A migration that fills a new column
-- names it as added: rows that fitted without it are told with it.
CREATE FUNCTION bihuan_rows_stand(its regclass, key text, untold text, added text[] DEFAULT '{}')
    RETURNS bigint LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
    made bigint;
BEGIN
    EXECUTE format($q$
        WITH old AS MATERIALIZED (
            SELECT to_jsonb(n) ->> %2$L AS of_row, to_jsonb(n) - string_to_array(%3$L, ',') AS said,
                s.salt AS former, uuid_send(gen_random_uuid()) AS salt
            FROM %1$s n LEFT JOIN responsibility_stand s ON s.of_table = %5$L AND s.of_row = to_jsonb(n) ->> %2$L
            WHERE (s.salt IS NULL OR cardinality(%4$L::text[]) > 0) AND NOT EXISTS (
                SELECT 1 FROM responsibility_ledgerentry e WHERE e.chain = md5(%5$L || ':' || (to_jsonb(n) ->> %2$L))::uuid
                AND e.verb LIKE 'row.%%')
        ), salted AS (
            INSERT INTO responsibility_stand (of_table, of_row, salt) SELECT %5$L, of_row, salt FROM old
            ON CONFLICT (of_table, of_row) DO UPDATE SET salt = excluded.salt
        )
        INSERT INTO responsibility_line (of_table, of_row, was, becomes)
        SELECT %5$L, of_row, bihuan_row_digest(said - %4$L::text[], former), bihuan_row_digest(said, salt) FROM old
    $q$, its, key, untold, added, its::text);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$;
-- A row that is told one by one from now on needs no digest any more.
CREATE FUNCTION bihuan_stand_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM responsibility_stand WHERE of_table = OLD.of_table AND of_row = OLD.of_row;
    RETURN NULL;
END $$;
CREATE TRIGGER change_stands AFTER DELETE ON responsibility_change
    FOR EACH ROW EXECUTE FUNCTION bihuan_stand_over();
"""
FUNCTIONS_BACK = """
DROP TRIGGER change_stands ON responsibility_change;
DROP FUNCTION bihuan_stand_over(); DROP FUNCTION bihuan_rows_stand(regclass, text, text, text[]);
DROP FUNCTION bihuan_row_moved(); DROP FUNCTION bihuan_rows_born(); DROP FUNCTION bihuan_row_digest(jsonb, bytea);
DROP TABLE responsibility_line; DROP TABLE responsibility_stand;
"""
TRIGGERS = """
CREATE TRIGGER row_born AFTER INSERT ON {0} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_rows_born('{1}', '{2}');
CREATE TRIGGER row_moved AFTER UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION bihuan_row_moved('{1}', '{2}');
"""
TRIGGERS_BACK = "DROP TRIGGER row_born ON {0}; DROP TRIGGER row_moved ON {0};\n"
STAND = "SELECT bihuan_rows_stand('{0}', '{1}', '{2}');\n"


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0003_words_emptied"),
        ("cases", "0023_born_with_its_case"),
        ("accountability", "0004_consequences"),
        ("notary", "0004_sightings"),
        ("desk", "0001_initial"),
        ("retention", "0002_rules"),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.RunSQL(
            "".join(TRIGGERS.format(table, *how) for table, how in WATCHED.items()),
            "".join(TRIGGERS_BACK.format(table) for table in WATCHED),
        ),
        migrations.RunSQL(
            "".join(STAND.format(table, *how) for table, how in (WATCHED | TOLD).items()), migrations.RunSQL.noop
        ),
    ]
