"""Words of the page of process mining."""

from django import template
from django.utils.translation import gettext as _

from cases import guards
from cases.models import Loop
from cases.sentences import SENTENCES, named
from cases.templatetags.display import unit_name
from mining.ranking import Row
from responsibility import directory

register = template.Library()


@register.filter
def called(row: Row, kind: str) -> str:
    """What a row is about: a ``loop``, a ``unit``, a ``wait`` between two acts, a ``transfer`` between two units."""
    name = {"loop": _loop, "unit": _unit, "transfer": _unit, "wait": act_label}[kind]
    keys = (row.key,) if isinstance(row.key, str) else row.key
    return " → ".join(name(key) for key in keys)


def _loop(loop: str) -> str:
    return str(Loop(loop).label)


def _unit(code: str) -> str:
    return unit_name(code, directory.current()) if code else _("研判，尚未立案")


@register.filter
def act_label(verb: str) -> str:
    """A verb of the ledger as a choice names it; as it is where nobody has named it."""
    if verb not in SENTENCES:
        return verb
    return named(verb).partition(" · ")[2] if verb.startswith("case.") else named(verb)


@register.filter
def verb_label(verb: str) -> str:
    """The verb of a move: that of the machine, else as ``act_label`` says it."""
    return str(guards.TABLE[verb]["label"]) if verb in guards.TABLE else act_label(verb)


@register.filter
def percent(share: float) -> str:
    """A share in percent, one decimal."""
    return f"{100 * share:.1f}%"


@register.filter
def brief(seconds: float) -> str:
    """A length of time in one unit, as it fits beside a line."""
    minutes = seconds / 60
    if minutes < 1:
        return _("%(count)d 秒") % {"count": round(seconds)}
    if minutes < 100:
        return _("%(count)d 分") % {"count": round(minutes)}
    if minutes < 48 * 60:
        return _("%(count).1f 小时") % {"count": minutes / 60}
    return _("%(count).1f 天") % {"count": minutes / 1440}
