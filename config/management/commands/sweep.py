"""Let the clock strike once."""

from contextlib import nullcontext
from datetime import datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from cases import sweeping
from config import progress
from responsibility import clock, directory


class Command(BaseCommand):
    """What the tick does every few seconds, by hand; any number may run at once."""

    help = "判定已过的时限 / record every deadline that has passed and raise what must rise."

    def add_arguments(self, parser):
        parser.add_argument("--at", help="as if it were this ISO time, local without offset; demo mode only")
        parser.add_argument(
            "--stay",
            action="store_true",
            help="let the whole demo, pages included, go on from --at; without --at it returns to the real time",
        )

    def handle(self, *args, at, stay, **options):
        """One line with what was done; ``--at`` and ``--stay`` are refused outside demo mode.

        Another day of the past is a fair place for a whole demo to stand, so ``--stay`` only says that it goes back.
        """
        try:
            when = _instant(at) if at else None
            now = clock.now()
            back = _past(at, now) if when is not None and when < now else ""
            if back and not stay:
                raise CommandError(back)
            if stay:
                clock.set_to(when)
            with progress.quiet("cases.sweeping"), clock.as_if(when) if when else nullcontext():
                report = sweeping.sweep()
            if back:
                self.stderr.write(back)
        except PermissionError:
            raise CommandError("--at、--stay 仅演示模式可用 / demo mode only: set DEMO=1.") from None
        except OverflowError:
            raise CommandError(f"--at {at!r} 不在 1949 至 2199 年之间 / is not between 1949 and 2199") from None
        except directory.NoDistrict as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"超时 missed {report.missed} · 提级 escalated {report.escalated} · 失败 failed {report.failed}"
            f" · {report.seconds:.2f} s"
        )


def _past(text: str, now: datetime) -> str:
    """Nothing falls due in the past: such an instant is mostly one of another time zone."""
    here = timezone.localtime(now).isoformat(timespec="seconds")
    return (
        f"--at {text!r} 早于当前时钟 {here}，不会有时限到期；请核对时区"
        f" / is before the clock, which says {here}: nothing falls due; look at its offset"
    )


def _instant(text: str) -> datetime:
    if not settings.DEMO:
        raise PermissionError
    try:
        found = parse_datetime(text)
        if found is not None and timezone.is_naive(found):
            found = timezone.make_aware(found)
        if found is not None:
            return found.astimezone(timezone.get_default_timezone())
    except (ValueError, OverflowError):
        pass
    raise CommandError(f"--at {text!r} 不是时间 / is not a time, such as 2026-11-21T18:00 or 2026-11-21T18:00:00+08:00")
