from django.db import migrations

# The request that an entry decides, or otherwise ends.
REQUEST = """
CREATE FUNCTION bihuan_desk_request(verb text, after jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN verb IN ('request.approve', 'request.refuse', 'request.lapse', 'request.overtaken', 'request.waive')
        AND after ->> 'request' ~ '^[0-9]{1,18}$' THEN (after ->> 'request')::bigint END
$$;
"""
REQUEST_BACK = "DROP FUNCTION bihuan_desk_request(text, jsonb);"
# What was taken in before. Of months that lie in files only what is told from now on is found so.
AGAIN = """
UPDATE desk_indexed d SET keys = d.keys || met.keys FROM (
    SELECT e.id, array_agg(DISTINCT key) AS keys FROM responsibility_ledgerentry e
    LEFT JOIN cases_request r ON r.id = bihuan_desk_request(e.verb, e.after)
    LEFT JOIN responsibility_unit u ON u.id = r.unit_id
    CROSS JOIN LATERAL unnest(ARRAY[
        'a:' || r.asked_by_id, 'u:' || u.code, 'a:' || (e.after ->> 'answerer'), 'p:' || (e.after ->> 'person')
    ]) AS key
    WHERE key IS NOT NULL GROUP BY e.id
) met WHERE met.id = d.entry;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0001_initial"),
        ("cases", "0021_red_and_unanswered"),
    ]

    operations = [
        migrations.RunSQL(REQUEST, REQUEST_BACK),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
