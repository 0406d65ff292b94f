"""Where safety liability insurance is compulsory, as data: the eight sectors of art. 51 of the Work Safety Law.

Our categories and scenarios say which risk objects belong to a sector. A code that this district does not have is no
fault: another district's file may have it. Mining, fireworks, transport, civil explosives, smelting and fishing have
no category here yet; they stand so that the list is whole and a code can be added in one place.
"""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Sector:
    """高危行业: ``categories`` and ``scenarios`` (codes) of the objects that belong to it."""

    code: str
    label: str | Promise
    categories: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()

    @property
    def objects(self) -> Q:
        """What picks its risk objects."""
        return Q(category__code__in=self.categories) | Q(scenario__code__in=self.scenarios)

    @property
    def known_here(self) -> bool:
        """Whether any of our categories or scenarios speaks of it."""
        return bool(self.categories or self.scenarios)


SECTORS = (
    Sector("mining", _("矿山")),
    Sector("hazchem", _("危险化学品"), ("WS-HAZCHEM",), ("hazchem site",)),
    Sector("fireworks", _("烟花爆竹")),
    Sector("transport", _("交通运输")),
    Sector("construction", _("建筑施工"), ("WS-CRANE", "WS-CRANE-WIND", "WS-PIT"), ("construction site",)),
    Sector("explosives", _("民用爆炸物品")),
    Sector("smelting", _("金属冶炼")),
    Sector("fishing", _("渔业生产")),
)


def compulsory() -> Q:
    """What picks the risk objects of all sectors."""
    wanted = Q(pk__in=[])
    for sector in SECTORS:
        wanted |= sector.objects
    return wanted


def of(category: str, scenario: str) -> Sector | None:
    """The first sector to which an object of ``category`` and ``scenario`` (codes, maybe empty) belongs."""
    for sector in SECTORS:
        if category in sector.categories or scenario in sector.scenarios:
            return sector
    return None
