"""A district at work, and every page that somebody sees of it."""

from alerts import scenarios
from alerts.models import Alert, Drill, RiskObject
from cases import advising, command, dispatching, drills, orders, requests
from cases.models import Case
from handbook import versions
from handbook.models import Step
from handbook.wording import Wish
from notices import addressing, channels
from resources.models import Resource
from responsibility import editions
from responsibility.editions import Row
from responsibility.models import Edition, LedgerEntry, Post, User
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED

AT_SIJING = {"lat": 31.1144, "lon": 121.2683}


def district_at_work(open_case, press, people) -> dict[str, tuple[str, str]]:
    """Make one case of each sort; gives ``{what: (who looks, address)}`` with an empty name for a stranger."""
    place = {"location": AT_SIJING}
    fresh = open_case(title="泗泾镇污水井硫化氢超限", value=16.0, unit="mg/m3")
    medium = press(open_case(object="A-1", grade="orange", **place), "sijing-duty acknowledge")
    on_site = press(open_case(object="A-2", **place), *CONTAINED[:2])
    contained = press(open_case(object="A-3", **place), *CONTAINED)
    reported = press(open_case(object="A-4", **place), *REPORTED)
    closed = press(open_case(object="A-5", grade="red", **place), *_WITH_COMMAND)
    unknown = open_case(category="NOBODY-KNOWS", object=None, title="不明气味", location={"lat": 39.9, "lon": 116.4})
    for case, kind in ((fresh, "escalate"), (contained, "void")):
        requests.ask(case.pk, by=people["sijing-head"], kind=kind, reason="人手不足")
    _edition_out_for_comment(people)
    _handbook_in_preparation(people)
    addressing.address()
    head = people["sijing-head"]
    channels.add(head.posts.get().unit_id, channels.Wish(label="9", url="duty@example.org"), by=head)
    large = _large_loop(open_case, people)
    drill = drills.start(scenarios.shipped()["h2s-manhole"], by=people["sijing-head"], speed=60)
    PLACES["drill"] = ("anwei-office", f"/drills/{drill.pk}/")
    people_and_cases = {
        "fresh case": ("sijing-duty", fresh), "case in the medium loop": ("shuiwu-head", medium),
        "case on site": ("sijing-handler", on_site), "case with a photo": ("sijing-head", contained),
        "case to check": ("chengyun-check", reported), "closed case": ("auditor", closed),
        "case in triage": ("chengyun-lead", unknown), "case under a command": ("yingji-office", large),
        "case with an order": ("ga-duty", large), "case to drive to": ("gas-crew", large),
        "case of a drill": ("shuiwu-head", drill.cases.get()),
    }  # fmt: skip
    PLACES["who held a case"] = ("auditor", f"/cases/{large.number}/accountability/")
    PLACES["what one says"] = ("sijing-head", f"/cases/{contained.number}/accountability/")
    PLACES["kit of a case"] = ("yingji-office", f"/cases/{large.number}/resources/")
    return PLACES | {what: (who, f"/cases/{case.number}/") for what, (who, case) in people_and_cases.items()}


def _large_loop(open_case, people) -> Case:
    """A gas leak under a command, with a report, an order, advice, and a crew on its way."""
    case = open_case(object="A-6", grade="red", category="LL-GAS-LEAK", scenario=None, location=AT_SIJING)
    office, lead = people["yingji-office"], people["jianguan-head"]
    opened = command.open_command(case.pk, by=office, objectives="甲")
    command.report(opened.pk, by=office, situation="甲")
    orders.give(case.pk, by=lead, unit="SJ-GA", text="甲", minutes=30, wanted="photo")
    advising.record(case.pk, by=lead, kind="advice", expert="甲", text="甲")
    crew = Resource.objects.filter(station__code="ST-GAS-SIJING", kind="team")[0]
    dispatching.send(case.pk, by=office, wanted={crew.code: 1})
    return case


def _edition_out_for_comment(people) -> None:
    """A draft with a fault, spoken to by one unit."""
    drafted = editions.draft(by=people["anwei-office"], title="第二版责任清单", document="松安委〔2026〕9号")
    overlap = Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-HJ", basis="甲", basis_en="A")
    made = editions.put(drafted.pk, [overlap], by=people["anwei-office"])
    PLACES["row of an edition"] = ("anwei-office", f"/matrix/editions/2/rows/{made[0].pk}/")
    editions.send(drafted.pk, by=people["anwei-office"])
    own = list(drafted.duties.filter(unit__code="SJ-SW").values_list("pk", flat=True))
    editions.opine(drafted.pk, "accept", own[1:], by=people["shuiwu-head"])
    editions.opine(drafted.pk, "object", own[:1], by=people["shuiwu-head"], text="人手不足")


def _handbook_in_preparation(people) -> None:
    """A draft with a step of every sort and a fault."""
    head = people["shuiwu-head"]
    draft = versions.draft("LL-CONF-H2S", by=head)
    made = versions.put(
        draft.pk,
        Wish(text="甲", text_en="A", how="甲", how_en="A", grades=["red"], loop="medium",
             role="territory", minutes=30, proof="photo", blocks="contain", position=2),
        by=head,
    )  # fmt: skip
    versions.put(draft.pk, Wish(text="甲", minutes=9999), by=head)
    room = "/handbooks/LL-CONF-H2S/"
    PLACES["draft of a handbook"] = ("shuiwu-head", f"{room}?version=2")
    PLACES["step of a handbook"] = ("shuiwu-head", f"{room}2/steps/{made.pk}/")
    PLACES["two versions of a handbook"] = ("anwei-office", f"{room}compare/?version=2")


_WITH_COMMAND = [step.replace("handler contain", "handler arrive") for step in CLOSED[:3]]
_WITH_COMMAND += ["yingji-office contain", "yingji-office report", "chengyun-check close"]

PLACES = {
    "sign-in": ("", "/accounts/login/"),
    "sign-in as": ("", "/accounts/login/?as=sijing-duty"),
    "worklist": ("sijing-duty", "/"),
    "worklist of triage": ("chengyun-lead", "/?state=triage"),
    "worklist with nothing found": ("auditor", "/?q=nothing-like-it"),
    "worklist of one without cases": ("insurer", "/"),
    "first page of an insurer": ("insurer", "/insurance/"),
    "policies of an insurer": ("insurer", "/insurance/policies/"),
    "form of a policy": ("insurer", "/insurance/policies/new/"),
    "objects of an enterprise": ("enterprise", "/insurance/objects/"),
    "requests": ("shuiwu-head", "/requests/"),
    "board": ("yingji-office", "/board/"),
    "drills": ("sijing-head", "/drills/"),
    "objects": ("chengyun-lead", "/objects/"),
    "resources": ("yingji-office", "/resources/"),
    "teams": ("sijing-duty", "/resources/?kind=team"),
    "handbooks": ("sijing-duty", "/handbooks/"),
    "handbook": ("firm", "/handbooks/LL-CONF-H2S/"),
    "handbook that nobody has written": ("anwei-office", "/handbooks/NEW-DRONE/"),
    "matrix": ("anwei-office", "/matrix/"),
    "cell of the matrix": ("sijing-duty", "/matrix/cell/?category=LL-CONF-H2S&role=lead"),
    "question to the matrix": ("sijing-duty", "/matrix/owner/"),
    "owner": ("sijing-duty", "/matrix/owner/?category=LL-CONF-H2S&lat=31.1144&lon=121.2683"),
    "owner of a gap": ("firm", "/matrix/owner/?category=PS-EBIKE&scenario=delivery+riders+(platform+firms)"),
    "owner not understood": ("firm", "/matrix/owner/?category=NOTHING"),
    "editions": ("anwei-office", "/matrix/editions/"),
    "edition in force": ("insurer", "/matrix/editions/1/"),
    "edition out for comment": ("yingji-office", "/matrix/editions/2/"),
    "edition to mend": ("anwei-office", "/matrix/editions/2/"),
    "new row": ("anwei-office", "/matrix/editions/2/rows/new/"),
    "word of a unit": ("shuiwu-head", "/matrix/editions/2/opinions/"),
    "two editions": ("auditor", "/matrix/editions/2/compare/"),
    "inbox": ("sijing-duty", "/inbox/"),
    "what reached nobody": ("chengyun-lead", "/inbox/unreached/"),
    "channels": ("sijing-head", "/channels/"),
    "ledger": ("auditor", "/ledger/"),
    "all duties failed": ("auditor", "/accountability/?loose=1"),
    "elephants": ("anwei-office", "/accountability/?view=elephants"),
    "figures by unit": ("yingji-office", "/accountability/?view=units"),
    "re-checks": ("anwei-office", "/accountability/rechecks/"),
    "process mining": ("yingji-office", "/mining/"),
    "record of diligence": ("sijing-head", "/accountability/officers/sijing-head/"),
    "not there": ("jiuting-duty", "/cases/SJ-20260101-000001/"),
    "not his": ("sijing-duty", "/ledger/"),
    "not understood": ("sijing-duty", "/?after=nonsense"),
    "admin": ("admin", "/admin/"),
}


def without_english() -> set[str]:
    """Texts of people and machines that exist in one language only: names of persons, titles, reasons, notes."""
    texts = set(User.objects.values_list("full_name", flat=True))
    texts |= set(Case.objects.values_list("title", flat=True)) | set(Alert.objects.values_list("title", flat=True))
    # The ledger keeps the post of an appointment, and the name of a drill, as they were written down.
    texts |= set(Drill.objects.values_list("title", flat=True))
    texts |= set(Post.objects.values_list("title", flat=True)) | set(Step.objects.values_list("text", flat=True))
    texts |= set(RiskObject.objects.filter(name_en="").values_list("name", flat=True))
    texts |= set(Edition.objects.values_list("title", flat=True)) | set(
        Edition.objects.values_list("document", flat=True)
    )
    return {text for text in texts | {"人手不足", "甲"} if text}


def codes() -> set[str]:
    """Names that are the same in every language: of accounts, alerts, objects, and the verbs of the ledger."""
    texts = set(User.objects.values_list("username", flat=True)) | set(
        LedgerEntry.objects.values_list("verb", flat=True)
    )
    for field in ("external_id", "category_code", "unit", "object_code"):
        texts |= set(Alert.objects.values_list(field, flat=True))
    return {text for text in texts if text}
