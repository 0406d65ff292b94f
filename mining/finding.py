"""Both answers about one period, in one reading of the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accountability import period
from accountability.period import Period
from cases.models import Loop
from mining import reading
from mining.conformance import Conformance
from mining.durations import Durations, Only, of_case
from responsibility import access, acting, clock, directory
from responsibility.models import Post
from responsibility.refusals import Forbidden, Invalid

# A page is made while somebody waits for it; the command and the exports take any period.
LONGEST = timedelta(days=366)


@dataclass
class Findings:
    """What became of the cases of a period."""

    conformance: Conformance
    durations: Durations


def find(asked: Period, only: Only) -> Findings:
    """The findings on the cases opened in ``asked`` that ``only`` means. One statement."""
    found, now = Findings(Conformance(), Durations()), clock.now()
    for number, events in reading.cases(asked, telling=True):
        told, stood = of_case(events, now)
        if only.fits(stood):
            found.conformance.add(number, told)
            found.durations.add(told, stood)
    return found


def reader(actor: acting.Actor) -> Post:
    """The post in which ``actor`` looks across all cases; ``Forbidden`` for anybody else."""
    post = access.post_for(actor, "accountability.read")
    if post is None:
        raise Forbidden("wrong_role", _("流程挖掘只供区安委办、区城运应急办和审计员查阅。"))
    return post


def asked(given: Mapping[str, str]) -> tuple[Period, Only]:
    """What ``since``, ``until``, ``loop`` and ``unit`` (a code) ask for; ``Invalid`` otherwise."""
    found = period.asked(given)
    if found.until - found.since > LONGEST:
        raise Invalid("too_long", _("期间最长一年；更长的请用导出或命令行。"), "until")
    loop, unit = given.get("loop", "").strip(), given.get("unit", "").strip()
    if loop and loop not in Loop.values:
        raise Invalid("bad_choice", _("闭环层级应为 small、medium 或 large。"), "loop")
    if unit and unit not in directory.current().units_by_code:
        raise Invalid("unknown_code", _("没有这个单位代码。"), "unit")
    return found, Only(loop, unit)
