"""The handbook has a room of its own; `manage.py load_district` puts the shipped steps there."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("responsibility", "0010_editions_accounted")]
    operations = [migrations.RemoveField(model_name="category", name="handbook")]
