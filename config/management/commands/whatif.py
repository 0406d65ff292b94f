"""What would other minutes, rosters or stations have made of a period of alerts?"""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rich.table import Table

from cases.staffing import report, snapshot, telling
from cases.staffing.arrivals import Period, received
from cases.staffing.chance import Draws
from cases.staffing.playing import TAIL, Run
from cases.staffing.report import Column
from cases.staffing.snapshot import District
from cases.staffing.telling import Assumption
from cases.staffing.variants import Asked, BadOption, Variant, variants
from config import progress
from config.demo import quarter
from responsibility import clock, directory

WRONG_USE = 2
NARROWEST, CELL = 110, 30
MOST_DAYS, MOST_ALERTS, MOST_RUNS = 400, 200_000, 100


@dataclass
class Played:
    """One snapshot, the periods to be played on it, one for each run, and where their alerts come from."""

    district: District
    periods: list[Period]
    columns: list[Variant]
    source: list[Assumption]


class Command(BaseCommand):
    """Reads one snapshot, plays in memory, writes nothing to the database."""

    help = "推演：改时限、排班或站点会怎样 / what other minutes, rosters or stations would have made of a period."

    def add_arguments(self, parser):
        parser.add_argument(
            "--since", help="real alerts from this local day or time on; of a simulated period its first day"
        )
        parser.add_argument("--until", help="real alerts before this day or time; now when left out")
        parser.add_argument("--quarter", action="store_true", help="simulate 92 days with 10,000 alerts")
        parser.add_argument("--days", type=int, help="simulate so many days")
        parser.add_argument("--alerts", type=int, help="with so many alerts")
        parser.add_argument("--seed", type=int, default=1, help="the same seed has the same luck")
        parser.add_argument(
            "--runs", type=int, default=1, help="so many runs; figures become mean ± half-width (95 %%)"
        )
        parser.add_argument("--set", action="append", default=[], metavar="NAME=MINUTES[,…]", dest="minutes")
        parser.add_argument("--staff", action="append", default=[], metavar="UNIT=±N[,…]", help="or a group: street=3")
        parser.add_argument(
            "--night", action="append", default=[], metavar="±N[,…]", help="20:00–08:00, --night=-1,0; or UNIT=±N"
        )
        parser.add_argument("--station", action="append", default=[], metavar="STATION:RESOURCE=±N[,…]")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")

    def handle(self, *args, **options):
        """Assumptions, a table, a sentence for each column. Exit code 2 for what cannot be asked."""
        began = monotonic()
        try:
            _bounds(options)
            played = self._read(options)
        except (BadOption, ArgumentTypeError, directory.NoDistrict) as error:
            raise CommandError(str(error), returncode=WRONG_USE) from None
        try:
            columns = self._play(played, options["seed"])
        except KeyboardInterrupt:
            raise CommandError("已中断 / interrupted.") from None
        self._tell(played, columns)
        if options["json"]:
            _write(options, played, columns)
        self.stdout.write(f"{monotonic() - began:.1f} s")

    def _read(self, options: dict) -> Played:
        runs, now = options["runs"], clock.now()
        simulated = options["quarter"] or options["days"] is not None
        begins, ends = _span(options, simulated, now)
        with snapshot.reading():
            district = snapshot.read(begins, ends + TAIL)
            asked = Asked(options["minutes"], options["staff"], options["night"], options["station"])
            columns = variants(asked, district)
            if simulated:
                known, mixed = district.known, quarter.shares(district.known, now)
                if not mixed.weights:
                    raise BadOption("没有可模拟的风险类别 / no category that could be simulated")
                days, alerts = (ends - begins).days, _alerts(options)
                seeds = [f"{options['seed']}/{run}" for run in range(runs)]
                periods = [quarter.period(known, mixed, begins, days, alerts, seed) for seed in seeds]
                source = _simulated(mixed)
            else:
                periods, source = [received(district.known, begins, ends)] * runs, []
        if not periods[0].arrivals:
            raise BadOption("这段时间没有可推演的预警 / no alerts in this period that a street would have had")
        return Played(district, periods, columns, source)

    def _play(self, played: Played, seed: int) -> list[Column]:
        total = sum(len(period.arrivals) for period in played.periods) * len(played.columns)
        columns = [Column(variant.label) for variant in played.columns]
        before = 0
        with progress.bar(self.stdout, "推演 what-if（预警 alerts）", total) as done:
            for number, period in enumerate(played.periods):
                draws = Draws(f"{seed}/{number}")
                for variant, column in zip(played.columns, columns, strict=True):
                    run = Run(played.district, variant, period, draws, _counting(done, before))
                    column.runs.append(run.play())
                    column.tallies.append(run.tally)
                    before += len(period.arrivals)
        return columns

    def _tell(self, played: Played, columns: list[Column]) -> None:
        console, period = progress.console(self.stdout), played.periods[0]
        if not console.is_terminal:
            # A file is as wide as it needs to be.
            console.width = max(console.width, NARROWEST + CELL * len(columns))
        table = Table(box=None, pad_edge=False)
        for title in ("假设 assumption", "值 value", "来源 origin"):
            table.add_column(title, overflow="fold")
        for row in [*telling.assumptions(played.district), *played.source]:
            table.add_row(row.what, row.value, row.origin)
        console.print(table)
        self.stdout.write("")
        self.stdout.write(
            f"{timezone.localtime(period.begins):%Y-%m-%d %H:%M} – {timezone.localtime(period.ends):%Y-%m-%d %H:%M}"
            f" · 预警 alerts {len(period.arrivals):,} · 未立案 opened nothing {period.observed:,}"
            f" · 须研判、未计入 to triage, left out {period.unplaced:,}"
        )
        answers = Table("", *(column.label for column in columns), box=None, pad_edge=False)
        for column in answers.columns[1:]:
            column.justify = "right"
        for cells in report.cells(columns):
            answers.add_row(*cells)
        console.print(answers)
        for zh, en in (telling.why(column, columns[0]) for column in columns):
            self.stdout.write(f"\n{zh}\n{en}")


def _counting(done: Callable[[int], None], before: int) -> Callable[[int], None]:
    return lambda so_far: done(before + so_far)


def _bounds(options: dict) -> None:
    """``BadOption`` for numbers out of reach and options that do not go together."""
    simulated = options["quarter"] or options["days"] is not None
    if not simulated and options["alerts"] is not None:
        raise BadOption("--alerts 须与 --days 或 --quarter 同用 / --alerts goes with --days or --quarter")
    if not simulated and not options["since"]:
        raise BadOption("请给出 --since（真实预警）或 --quarter、--days（模拟）/ give --since, --quarter or --days")
    if simulated and options["until"]:
        raise BadOption("--until 只用于真实预警 / --until is for real alerts only")
    for name, most in (("days", MOST_DAYS), ("alerts", MOST_ALERTS), ("runs", MOST_RUNS)):
        value = options[name]
        if value is not None and not 1 <= value <= most:
            raise BadOption(f"--{name} 应为 1 至 {most} / must be from 1 to {most}")
    file = options["json"]
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        raise BadOption(f"--json {file}：不能写入 / cannot be written")


def _alerts(options: dict) -> int:
    if options["alerts"] is not None:
        return options["alerts"]
    return max(1, quarter.QUARTER_ALERTS * _days(options) // quarter.QUARTER_DAYS)


def _days(options: dict) -> int:
    return options["days"] if options["days"] is not None else quarter.QUARTER_DAYS


def _span(options: dict, simulated: bool, now: datetime) -> tuple[datetime, datetime]:
    """From when to when; a simulated period begins at a midnight, today's when nothing is said."""
    begins = _instant("--since", options["since"]) if options["since"] else now
    if simulated:
        begins = timezone.localtime(begins).replace(hour=0, minute=0, second=0, microsecond=0)
        if begins > clock.LAST - timedelta(days=MOST_DAYS) - TAIL:
            raise BadOption(f"--since {options['since']!r}：太晚 / is too late")
        return begins, begins + timedelta(days=_days(options))
    ends = _instant("--until", options["until"]) if options["until"] else now
    if not begins < ends <= begins + timedelta(days=MOST_DAYS):
        raise BadOption(
            f"--until 须在 --since 之后、{MOST_DAYS} 天之内 / must be after --since, within {MOST_DAYS} days"
        )
    return begins, ends


def _instant(option: str, text: str) -> datetime:
    try:
        day = parse_date(text)
        found = datetime.combine(day, datetime.min.time()) if day else parse_datetime(text)
        if found is not None and timezone.is_naive(found):
            found = timezone.make_aware(found)
        if found is not None and clock.FIRST <= found <= clock.LAST:
            return found
    except (ValueError, OverflowError):
        pass
    raise BadOption(f"{option} {text!r} 不是时间 / is not a day or time, such as 2026-07-01 or 2026-07-01T08:00")


def _simulated(mixed: quarter.Shares) -> list[Assumption]:
    return list(_rhythm(mixed))


def _rhythm(mixed: quarter.Shares) -> Iterator[Assumption]:
    yield Assumption("各类预警比例 shares of categories", f"{len(mixed.weights)} 类 categories", mixed.origin)
    yield Assumption(
        "节律 rhythm",
        f"休息日 days off × {quarter.DAY_OFF:g}；暴雨日 storms {quarter.STORM_DAYS:.0%} × {quarter.STORM:g}，"
        f"天气类 of the weather × {quarter.WEATHER}",
        "默认 default；一日之内傍晚与夜间较多 more in evenings and nights",
    )


def _write(options: dict, played: Played, columns: list[Column]) -> None:
    period = played.periods[0]
    rows = [*telling.assumptions(played.district), *played.source]
    told = {
        "since": period.begins.isoformat(), "until": period.ends.isoformat(), "seed": options["seed"],
        "runs": options["runs"], "alerts": len(period.arrivals), "observed": period.observed,
        "unplaced": period.unplaced,
        "assumptions": [vars(row) for row in rows],
        "columns": report.as_json(columns, [telling.why(column, columns[0]) for column in columns]),
    }  # fmt: skip
    try:
        options["json"].write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--json {options['json']}：{error.strerror}", returncode=WRONG_USE) from None
