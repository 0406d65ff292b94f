"""The ledger's two indexes for readers leave out what machines write in masses, so that an intake pays for neither."""

from django.db import migrations, models

ROUTINE = ("case.open", "alert.joined", "case.escalate", "deadline.missed")


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0013_erasure")]
    operations = [
        migrations.RemoveIndex("ledgerentry", "responsibil_actor_i_2493b9_idx"),
        migrations.RemoveIndex("ledgerentry", "responsibil_verb_899388_idx"),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(fields=["actor", "id"], condition=models.Q(actor__isnull=False), name="ledger_by_person"),
        ),
        migrations.AddIndex(
            "ledgerentry",
            models.Index(fields=["verb", "id"], condition=~models.Q(verb__in=ROUTINE), name="ledger_rare_verbs"),
        ),
    ]
