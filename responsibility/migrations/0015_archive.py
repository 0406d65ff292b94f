"""What of the ledger has gone into files, and where it stands there.

These rows change only in the transaction of an entry that tells of it; ``archive.write`` with the file's SHA-256, say.
"""

import django.db.models.deletion
from django.db import migrations, models

RULES = """
CREATE FUNCTION bihuan_archive_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND NOT (TG_OP = 'DELETE' AND TG_TABLE_NAME = 'responsibility_volume')
        AND EXISTS (SELECT 1 FROM responsibility_ledgerentry
            WHERE verb IN ('archive.write', 'archive.rewrite', 'archive.restore')
                AND xact = pg_current_xact_id()::text::bigint) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the archive changes only with an entry that tells of it'
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_told';
END $$;
CREATE TRIGGER volume_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_volume
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_archive_told();
CREATE TRIGGER archivedchain_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_archivedchain
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_archive_told();
CREATE TRIGGER archivedblock_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON responsibility_archivedblock
    FOR EACH STATEMENT EXECUTE FUNCTION bihuan_archive_told();
"""
BACK = """
DROP TRIGGER volume_told ON responsibility_volume;
DROP TRIGGER archivedchain_told ON responsibility_archivedchain;
DROP TRIGGER archivedblock_told ON responsibility_archivedblock;
DROP FUNCTION bihuan_archive_told();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("responsibility", "0014_indexes_that_cost_nothing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchivedBlock",
            fields=[
                ("place", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序")),
                ("bits", models.BinaryField(verbose_name="位图")),
            ],
            options={
                "verbose_name": "归档位图",
                "verbose_name_plural": "归档位图",
            },
        ),
        migrations.CreateModel(
            name="Volume",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="月份")),
                ("number", models.PositiveSmallIntegerField(verbose_name="卷号")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="版次")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("size", models.BigIntegerField(verbose_name="字节")),
                ("entries", models.BigIntegerField(verbose_name="条数")),
                ("first_position", models.BigIntegerField(verbose_name="首位")),
                ("last_position", models.BigIntegerField(verbose_name="末位")),
                ("checkpoint", models.BigIntegerField(verbose_name="存证点")),
                ("made_at", models.DateTimeField(verbose_name="归档时间")),
                ("restored_at", models.DateTimeField(null=True, verbose_name="还原时间")),
            ],
            options={
                "verbose_name": "台账卷",
                "verbose_name_plural": "台账卷",
                "ordering": ["month", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("month", "number"), name="volume_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("entries__gte", 1), ("number__gte", 1), ("revision__gte", 1), ("size__gte", 1)
                        ),
                        name="volume_holds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchivedChain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.UUIDField(verbose_name="闭环链")),
                ("first", models.PositiveIntegerField(verbose_name="首号")),
                ("seq", models.PositiveIntegerField(verbose_name="末号")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
                ("offset", models.BigIntegerField()),
                ("length", models.BigIntegerField()),
                (
                    "volume",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chains",
                        to="responsibility.volume",
                        verbose_name="台账卷",
                    ),
                ),
            ],
            options={
                "verbose_name": "已归档链",
                "verbose_name_plural": "已归档链",
                "indexes": [models.Index(fields=["volume", "offset"], name="responsibil_volume__fc71ec_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "seq"), name="archived_chain_once"),
                    models.CheckConstraint(
                        condition=models.Q(("first__gte", 1), ("seq__gte", models.F("first"))), name="archived_in_order"
                    ),
                ],
            },
        ),
        migrations.RunSQL(RULES, BACK),
    ]
