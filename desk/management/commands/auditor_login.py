"""Give somebody who audits a login of the database, read-only and until a day, or take it away."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from desk import logins, roles
from responsibility.models import User
from responsibility.refusals import Refused

LONGEST = 365


class Command(BaseCommand):
    """``auditor_login USERNAME [--days 7]`` or ``--end``. Both are entries of the ledger."""

    help = "给审计员开通或收回只读的数据库登录 / a read-only database login for an auditor, with expiry."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--days", type=int, default=7, help=f"1 to {LONGEST}; 7 unless told")
        parser.add_argument("--end", action="store_true", help="take the login away")

    def handle(self, *args, username, days, end, **options):
        """Print the login and its password, which is shown this once."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"没有账号 {username} / there is no account {username}")
        if not 1 <= days <= LONGEST:
            raise CommandError(f"--days: 1–{LONGEST}")
        # Of the machine, not of a demo's clock: PostgreSQL ends the login by its own.
        until = timezone.now() + timedelta(days=days)
        try:
            if end:
                logins.end(user)
                self.stdout.write(f"已收回 / ended: {logins.name_of(user)}")
                return
            if error := roles.prepare():
                raise CommandError(roles.told(error))
            password = logins.admit(user, until)
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        except DatabaseError as error:
            raise CommandError(roles.told(str(error).strip())) from None
        self.stdout.write(f"登录 login     {logins.name_of(user)}")
        self.stdout.write(f"口令 password  {password}")
        self.stdout.write(f"至 until       {until:%Y-%m-%d %H:%M} UTC")
