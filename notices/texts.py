"""A notice in words, in the language of whoever reads it.

Each floor that writes notices tells here how they are said, because this one does not know what a case is.
"""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from notices.addressing import UNREACHED
from notices.models import Notice
from responsibility.directory import Directory
from responsibility.models import Grade
from responsibility.roster import WORKING

Speaker = Callable[[Notice, Directory], str]
_speakers: dict[str, Speaker] = {}
# Events whose sentences name nobody and quote nobody.
_plain: set[str] = set()
SHOWN = 20
SUBJECT_LENGTH = 120


def register(events: list[str] | dict, speaker: Speaker, *, plain: bool = False) -> None:
    """``speaker`` says what has happened, for each of ``events``, in the language that is set.

    ``plain``: in registered words alone, so that it is said to outsiders as well.
    """
    for event in events:
        _speakers[event] = speaker
        (_plain.add if plain else _plain.discard)(event)


def parts(notice: Notice, known: Directory) -> tuple[str, str]:
    """What it is about (number and title) and what has happened and is asked.

    Who is outside the district's own bodies learns the number and no more where titles and reasons may name people.
    """
    speak = _speakers.get(notice.event)
    if _outside(notice, known):
        if speak and notice.event in _plain:
            return notice.subject, speak(notice, known)
        return notice.subject, _("有新的进展，请登录查看。")
    about = " ".join(part for part in (notice.subject, notice.title) if part)
    return about, speak(notice, known) if speak else notice.event


def sentence(notice: Notice, known: Directory) -> str:
    """One line: colour, number, title, what has happened, what is asked."""
    about, said = parts(notice, known)
    grade = _("【%(grade)s】") % {"grade": Grade(notice.grade).label} if notice.subject else ""
    drill = _("【演练】") if notice.drill else ""
    between = " " if _outside(notice, known) and notice.event not in _plain else _("：")
    return f"{drill}{grade}{about}{between if about else ''}{said}"


def _outside(notice: Notice, known: Directory) -> bool:
    unit = known.units.get(notice.unit_id)
    return unit is None or unit.kind not in WORKING


def written(notices: list[Notice], total: int, known: Directory) -> tuple[str, str]:
    """Subject and body of one message about ``total`` notices, of which ``notices`` are the gravest."""
    lines = [sentence(notice, known) for notice in notices[:SHOWN]]
    subject = lines[0] if total == 1 else _("%(count)d 条通知，最重要：%(first)s") % {"count": total, "first": lines[0]}
    if total > len(lines):
        lines.append(_("……另有 %(count)d 条，请登录查看。") % {"count": total - len(lines)})
    if settings.PUBLIC_URL:
        lines.append(settings.PUBLIC_URL + (notices[0].path if total == 1 and notices[0].path else "/inbox/"))
    return f"{subject[:SUBJECT_LENGTH]}", "\n".join(lines)


def _unreached(notice: Notice, known: Directory) -> str:
    unit = known.units.get(notice.words["unit"])
    words = {"unit": unit.label if unit else "—", "count": notice.words["count"]}
    return _("发给%(unit)s的 %(count)d 条通知无人收到，请改用电话叫应。") % words


register([UNREACHED], _unreached)
