"""What would other minutes, rosters or stations have made of a period of alerts?"""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.dateparse import parse_date, parse_datetime
from rich.table import Table

from cases.opening import REOPEN_WITHIN
from cases.staffing import report, snapshot, telling
from cases.staffing.arrivals import Period, received
from cases.staffing.chance import Draws
from cases.staffing.playing import TAIL, Run
from cases.staffing.report import Column
from cases.staffing.snapshot import District
from cases.staffing.telling import Assumption, default
from cases.staffing.variants import AS_IS, Asked, BadOption, Variant, variants
from config import progress
from config.demo import quarter
from responsibility import clock, directory
from responsibility.models.district import by_language as say

WRONG_USE = 2
# Cells of the terminal: a page of text, the labels of the table, one column of it.
WIDTH, LABELS, CELL = 100, 36, 21
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
        codes = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", choices=codes, default=settings.LANGUAGE_CODE, help="of what is printed")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")

    def handle(self, *args, **options):
        """Assumptions, a table, a sentence for each column. Exit code 2 for what cannot be asked."""
        with translation.override(options["language"]):
            self._answer(options)

    def _answer(self, options: dict) -> None:
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
        with progress.bar(self.stdout, say("推演（预警）", "what-if (alerts)"), total) as done:
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
            # A file is as wide as its columns need, and no wider than a page for the usual four.
            console.width = max(WIDTH, LABELS + CELL * len(columns))
        table = Table(box=None, pad_edge=False, width=min(WIDTH, console.width))
        for title in (say("假设", "assumption"), say("值", "value"), say("来源", "origin")):
            table.add_column(title, overflow="fold")
        for row in [*telling.assumptions(played.district), *played.source]:
            table.add_row(row.what, row.value, row.origin)
        console.print(table)
        console.print("\n" + _span_told(period))
        answers = Table("", *(_headed(column) for column in columns), box=None, pad_edge=False)
        answers.columns[0].no_wrap = True
        for right in answers.columns[1:]:
            right.justify = "right"
        for cells in report.cells(columns):
            answers.add_row(*cells)
        console.print(answers)
        for column in columns:
            console.print("\n" + say(*telling.why(column, columns[0])), width=min(WIDTH, console.width), markup=False)


def _headed(column: Column) -> str:
    return say("现状", AS_IS) if column.label == AS_IS else column.label


def _span_told(period: Period) -> str:
    since, until = (f"{timezone.localtime(at):%Y-%m-%d %H:%M}" for at in (period.begins, period.ends))
    alerts, observed, unplaced = (f"{n:,}" for n in (len(period.arrivals), period.observed, period.unplaced))
    return f"{since} – {until} · " + say(
        f"预警 {alerts} · 未立案 {observed} · 须研判、未计入 {unplaced}",
        f"alerts {alerts} · opened nothing {observed} · to triage, left out {unplaced}",
    )


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
    days, most, watched = REOPEN_WITHIN.days, quarter.WEATHER, f"{quarter.RECURRING:.0%}"
    storm, storms = f"{quarter.STORM:g}", f"{quarter.STORM_DAYS:.0%}"
    return [
        Assumption(
            say("各类预警比例", "shares of categories"),
            say(f"{len(mixed.weights)} 类", f"{len(mixed.weights)} categories"), mixed.origin,
        ),
        Assumption(
            say("又发", "recurrences"), say(f"监测对象险情的 {watched}", f"{watched} of dangers at watched objects"),
            default(
                f"在 {days} 天内曾有险情的同一处；其余各在一处（登记对象只是抽样），成批预警同在一处",
                f"at a place with one within {days} days; the others at places of their own (what is registered is a "
                "sample), those of a burst at one place",
            ),
        ),
        Assumption(
            say("节律", "rhythm"),
            say(
                f"休息日 × {quarter.DAY_OFF:g}；暴雨日占 {storms}、× {storm}，天气类 × {most}",
                f"days off × {quarter.DAY_OFF:g}; storms on {storms} of days, × {storm}, "
                f"of the weather × {most}",
            ),
            default("一日之内傍晚与夜间较多", "more in evenings and nights"),
        ),
    ]  # fmt: skip


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
