"""申诉: whoever is concerned says his part, and it is kept beside the finding. The software decides no guilt."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accountability.models import About, Statement
from cases import typed
from cases.changes import Changes, locked_case
from cases.models import Case, Party
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Post, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST = 2000
# Of one person on one case; what is left to say is said in the last.
MOST = 20


@transaction.atomic
def state(case_id: int, *, by: User, about: str, text: str) -> Statement:
    """Keep what ``by`` says about the finding ``about`` on a case.

    Raises ``Forbidden`` for who is not concerned, ``Refused`` (``too_many``), ``Invalid`` with the field.
    """
    if about not in About.values:
        raise Invalid("bad_choice", _("请选择申诉针对的事项。"), "about")
    text = typed.text(text, "text", limit=LONGEST)
    case, actor = locked_case(case_id), acting.of(by)
    post = concerned(actor, case)
    if Statement.objects.filter(case=case, by=by).count() >= MOST:
        raise Refused("too_many", _("您在本案的申诉已满 %(most)d 份。") % {"most": MOST})
    changes = Changes(directory.current(), clock.now())
    made = Statement.objects.create(case=case, about=about, text=text, at=changes.now, by=by, unit=post.unit)
    told = {"statement": made.pk, "about": about, "unit": post.unit.code, "text": text}
    changes.tell(case, "statement.make", after=told)
    changes.write(by=actor, post=post)
    return made


def concerned(actor: acting.Actor, case: Case) -> Post:
    """The post in which ``actor`` is concerned by the findings on ``case``; ``Forbidden`` otherwise.

    Of a unit that is or was engaged in it or is its main body, or somebody who himself did something on it.
    """
    engaged = set(Party.objects.filter(case=case).values_list("unit", flat=True)) | main_bodies(case)
    post = access.post_for(actor, "statement.make", party=engaged | {unit for unit in (case.lead_id,) if unit})
    if post is None and actor.user and ledger.story(case.chain).filter(actor=actor.user).exists():
        post = access.post_for(actor, "statement.make", named=actor.unit_ids)
    if post is None:
        raise Forbidden("not_concerned", _("只有本案的责任方和在本案中有所作为的人可以申诉。"))
    return post


def main_bodies(case: Case) -> set[int]:
    """The ids of the units that the case named as its main body when it was filed."""
    codes = {line["unit"] for line in case.duties if line["role"] == DutyRole.MAIN_BODY and line["unit"]}
    known = directory.current().units_by_code
    return {known[code].pk for code in codes if code in known}
