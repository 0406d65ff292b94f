"""Simulate hours of a district through the API of a running server."""

from datetime import timedelta
from statistics import quantiles

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.table import Table

from config import progress
from config.demo import simulate
from config.demo.doors import Unreachable
from responsibility import clock, loading

CEILING = 1_000_000


class Command(BaseCommand):
    """Alerts by source key, work by demo people; cases close, stall and rise."""

    help = "模拟一段时间的预警与处置 / simulate alerts and the work on them (demo mode only)."

    def add_arguments(self, parser):
        parser.add_argument("--alerts", type=int, default=200, help="how many alerts")
        parser.add_argument("--hours", type=float, default=6.0, help="hours to be told, at the pace of --speed")
        parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same alerts")
        parser.add_argument("--speed", type=float, default=0.0, help="simulated seconds a second, 0: no waiting")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="the server")

    def handle(self, *args, alerts, hours, seed, speed, url, **options):
        """Refused outside demo mode; a sentence when the server is not there."""
        if not settings.DEMO:
            raise CommandError("仅演示模式可用 / demo mode only: set DEMO=1.")
        if not 1 <= alerts <= CEILING or not 0 < hours <= 24 * 365 or speed < 0:
            raise CommandError("--alerts 1…1000000, --hours > 0, --speed ≥ 0")
        try:
            data = loading.read(settings.DISTRICT_FILE)
            with progress.bar(self.stdout, "模拟 simulate", alerts) as done:
                result = simulate.run(data, url=url, alerts=alerts, hours=hours, seed=seed, speed=speed, say=done)
        except (loading.BadDistrictFile, Unreachable) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("已中断 / interrupted; what was sent stays.") from None
        table = Table(show_header=False, box=None, pad_edge=False)
        for name, value in _rows(result):
            table.add_row(name, value)
        progress.console(self.stdout).print(table)
        # The server stamped everything with the present, and its deadlines run from there.
        later = timezone.localtime(clock.now() + timedelta(hours=hours))
        self.stdout.write(f"让时限走完 / to let these hours pass: manage.py sweep --at {later:%Y-%m-%dT%H:%M}")


def _rows(result: simulate.Result) -> list[tuple[str, str]]:
    tally, standing = result.tally, simulate.standing(result.numbers)
    acts = len(result.took["act"]) / result.seconds
    return [
        ("预警 sent", f"{result.sent}"),
        ("结果 outcomes", _counted(tally.outcomes)),
        ("操作 acts", _counted(tally.acts)),
        ("拒绝 refusals", _counted(tally.refusals) or "0"),
        ("案件 cases", "结案 closed {closed} · 在办 open {open} · 提级 risen {risen}".format(**standing)),
        ("速度 rate", f"{result.sent / result.seconds:,.1f} alerts/s · {acts:,.1f} acts/s · {result.seconds:.1f} s"),
        ("接收 intake", _spread(result.took["alerts"])),
        ("操作 act", _spread(result.took["act"])),
        ("查看 look", _spread(result.took["look"])),
        ("登录 sign-in", _spread(result.took["sign_in"])),
    ]


def _counted(counter) -> str:
    return " · ".join(f"{name} {count}" for name, count in counter.most_common())


def _spread(took: list[float]) -> str:
    if len(took) < 2:
        return f"{took[0]:.0f} ms" if took else "—"
    cuts = quantiles(took, n=20)
    return f"p50 {cuts[9]:.0f} ms · p95 {cuts[18]:.0f} ms · {len(took)} 次 requests"
