"""Make the roles of the database by which auditors read, or bring what they may read up to date."""

from django.core.management.base import BaseCommand, CommandError

from desk import roles


class Command(BaseCommand):
    """Done after each migration by itself; by hand where a database administrator had to make the roles."""

    help = "建立或更新审计员的数据库角色 / make or refresh the database roles of auditors."

    def handle(self, *args, **options):
        """One sentence, or what a database administrator has to run."""
        error = roles.prepare()
        if error:
            raise CommandError(roles.told(error))
        self.stdout.write("审计员角色就绪 / the roles of auditors are there and up to date.")
