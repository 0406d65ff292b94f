"""Begin or end a drill."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from alerts import scenarios
from alerts.models import Drill
from cases import drills
from responsibility.models import User
from responsibility.refusals import Refused


class Command(BaseCommand):
    """The same action as on the page; the running installation feeds the alerts and keeps the clocks."""

    help = "发起或结束演练 / begin a drill of a scenario file, or end one."

    def add_arguments(self, parser):
        parser.add_argument(
            "file", metavar="FILE", nargs="?", help=f"a file, or one of: {', '.join(scenarios.shipped())}"
        )
        parser.add_argument("--speed", type=int, default=1, help="how many times as fast the clocks run")
        parser.add_argument("--by", metavar="USERNAME", required=True, help="who begins or ends it; the ledger says so")
        parser.add_argument("--end", type=int, metavar="ID", help="end this drill instead, and print its score")

    def handle(self, *args, file, speed, by, end, **options):
        """Ends with code 1 and a sentence when it is refused."""
        person = User.objects.filter(username=by).first()
        if person is None:
            raise CommandError("没有这个账号 / no such account: --by")
        try:
            if end is not None:
                self._end(end, person)
            elif file:
                self._start(file, speed, person)
            else:
                raise CommandError("需要脚本文件 / a scenario file is needed.")
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        except Drill.DoesNotExist:
            raise CommandError("没有这次演练 / no such drill.") from None

    def _start(self, name: str, speed: int, person: User) -> None:
        shipped = scenarios.shipped()
        try:
            raw = shipped[name] if name in shipped else self._read(Path(name))
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}") from None
        drill = drills.start(raw, by=person, speed=speed)
        self.stdout.write(f"演练 drill {drill.pk} · {drill.title} · {drill.speed}× · /drills/{drill.pk}/")

    def _read(self, path: Path) -> object:
        with path.open("rb") as file:
            return scenarios.of_file(file)

    def _end(self, pk: int, person: User) -> None:
        report = drills.end(pk, by=person).report or {}
        self.stdout.write(f"演练 drill {pk} · 得分 score {report['score']} % ({report['met']}/{report['judged']})")
