"""What is over age goes; how long it is kept, and what is held back."""

from django.core.management.base import BaseCommand, CommandError

from cases.models import Case
from responsibility import retention
from responsibility.models import Retention, User
from responsibility.refusals import Refused


class Command(BaseCommand):
    """Beat does it each night. Nothing under the minimum of the law, and nothing of a held case, goes."""

    help = "清理超过保存期限的数据 / remove what is over age; --set, --hold and --lift change what stays."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="只计数 / count only")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--set", metavar="CODE=DAYS", help="保存天数，ever 为长期 / days, or ever")
        which.add_argument("--hold", metavar="NUMBER", help="封存案件 / let nothing of this case go")
        which.add_argument("--lift", metavar="NUMBER", help="解除封存 / end the hold")
        parser.add_argument("--reason", default="", help="封存理由 / why it is held")
        parser.add_argument("--by", help="以谁的名义 / account of the office that orders it")

    def handle(self, *args, dry_run, hold, lift, reason, by, **options):
        """Print what went or would go; or do what was asked and print the classes."""
        office = User.objects.filter(username=by).first() if by else None
        if by and office is None:
            raise CommandError(f"没有账号 {by} / there is no such account.")
        try:
            if options["set"]:
                return self._set(options["set"], office)
            if hold:
                return retention.hold(_chain(hold), hold, by=office, reason=reason)
            if lift:
                return retention.lift(_chain(lift), by=office)
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        for code, count in retention.run(dry_run=dry_run).items():
            self.stdout.write(f"{code}: {'将清理 would remove' if dry_run else '已清理 removed'} {count}")
        return None

    def _set(self, text: str, office: User | None) -> None:
        code, _mark, days = text.partition("=")
        if days != "ever" and not (days.isascii() and days.isdigit() and len(days) < 7):
            raise CommandError("天数应为整数或 ever / days are a whole number, or ever.")
        retention.set_days(code, None if days == "ever" else int(days), by=office)
        for kept in Retention.objects.all():
            told = kept.days if kept.days is not None else "长期 ever"
            self.stdout.write(f"{kept.code}: {told}（至少 at least {kept.minimum}） {kept.source}")


def _chain(number: str):
    chain = Case.objects.filter(number=number).values_list("chain", flat=True).first()
    if chain is None:
        raise CommandError(f"没有案件 {number} / there is no such case.")
    return chain
