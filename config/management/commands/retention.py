"""What is over age goes; how long it is kept, and what is held back."""

from django.core.management.base import BaseCommand, CommandError

from responsibility.models import User
from responsibility.refusals import Refused
from retention import holds, periods, running
from retention.classes import CLASSES
from retention.models import Hold

EVER = "ever"


class Command(BaseCommand):
    """Beat does it each night. Nothing under the minimum of the law, and nothing that is held, goes."""

    help = "按保存期限清除 / remove what is over age; --set, --hold and --lift change what stays."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="只计数 / count only")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--set", metavar="CODE=DAYS", help="保存天数，ever 为永久 / days, or ever")
        which.add_argument("--hold", metavar="NUMBER", help="封存案件 / let nothing of this case go")
        which.add_argument(
            "--lift", metavar="NUMBER", help="解除案件的封存，须另一人 / end the hold; by another person"
        )
        parser.add_argument("--reason", default="", help="理由，记入台账 / why, for the ledger")
        parser.add_argument("--by", default="", help="以谁的名义 / account of the office that orders it")

    def handle(self, *args, dry_run, hold, lift, reason, by, **options):
        """Print what went or would go; or do what was asked and print what is so now."""
        setting = options["set"]
        for given in (setting, hold, lift, reason, by):
            _readable(given)
        if dry_run and (setting, hold, lift) != (None, None, None):
            raise CommandError("--dry-run 只计清除的数 / --dry-run counts what would go, and nothing else.")
        try:
            if setting is not None:
                return self._set(setting, reason, _account(by))
            if hold is not None:
                return self._hold(hold, reason, _account(by))
            if lift is not None:
                return self._lift(lift, reason, _account(by))
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        return self._run(dry_run)

    def _run(self, dry_run: bool) -> None:
        counts, days = (running.over() if dry_run else running.run()), periods.days()
        for kept in CLASSES:
            period = "永久 for good" if days[kept.code] is None else f"{days[kept.code]} 天 days"
            self.stdout.write(f"  {kept.code:<9} {counts.get(kept.code, 0):>8}  {period}  {kept.label}")
        said = "至少将清除 would go, at least" if dry_run else "已清除 removed"
        self.stdout.write(f"{said}: {sum(counts.values())}")

    def _set(self, text: str, reason: str, by: User) -> None:
        code, _mark, days = text.partition("=")
        if not days.strip():
            raise CommandError("应写作 类别=天数 或 类别=ever / write CODE=DAYS or CODE=ever.")
        made = periods.put(code, None if days == EVER else periods.read(days), reason, by=by)
        self.stdout.write(f"{made.code}: {'永久 for good' if made.days is None else f'{made.days} 天 days'}")

    def _hold(self, number: str, reason: str, by: User) -> None:
        holds.lay(holds.read({"case": number}), reason, by=by)
        self.stdout.write(f"{number}: 已封存 held")

    def _lift(self, number: str, reason: str, by: User) -> None:
        case = holds.read({"case": number}).case
        held = Hold.objects.filter(case=case, lifted_at=None).values_list("pk", flat=True).first()
        holds.lift(held or 0, reason, by=by)
        self.stdout.write(f"{number}: 封存已解除 lifted")


def _readable(given: str | None) -> None:
    """Bytes that are no UTF-8 arrive as surrogates, which neither the database nor the screen takes."""
    try:
        (given or "").encode()
    except UnicodeEncodeError:
        raise CommandError("参数不是 UTF-8 / an argument is not UTF-8.") from None


def _account(name: str) -> User:
    if not name:
        raise CommandError("须用 --by 指明以谁的名义办理 / say with --by in whose name.")
    found = User.objects.filter(username=name).first() if "\x00" not in name else None
    if found is None:
        raise CommandError(f"没有账号 {name} / there is no such account.")
    return found
