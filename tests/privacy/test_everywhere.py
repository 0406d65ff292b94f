"""A person in every place where words are kept, put there by the product's own actions, and then nowhere."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils.timezone import localdate

from accountability import following, ordering, stating
from accountability.ordering import Asked
from alerts.models import RiskObject
from cases import audit, erasure, requests
from cases.erasure import PLACES
from cases.models import Pause
from desk import asking, exporting, indexing, questions
from desk.models import Indexed, Question, Sealed
from notary import checkpoints
from responsibility import clock, directory, editions, erasing, ledger, rostering, rows_told
from responsibility.models import HandOver, LedgerEntry, Opinion, Post
from responsibility.rostering import Row
from tests.bundle.conftest import PHONE, REPORTER, _folders, case, fresh_python, unpack, verify  # noqa: F401
from tests.cases.conftest import alert, open_case, picture, press, send  # noqa: F401
from tests.notary.tampering import found
from tests.privacy.test_erasing import dump, spread  # noqa: F401

pytestmark = pytest.mark.django_db
SAID = f"{REPORTER} {PHONE}"
TOWN = "310117102"


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.DESK_ROOT, settings.VAR_DIR = tmp_path / "desk", tmp_path


@pytest.fixture
def everywhere(spread, press, people, client):  # noqa: F811
    put_off(spread, press, people)
    judge(spread, people)
    ask_the_desk(spread, people)
    opine(people)
    hand_over(people)
    with rows_told.told():
        RiskObject.objects.filter(code="MH-SIJING-0088").update(attributes={"contact": SAID}, name=f"{REPORTER}门前井")
    client.post("/accounts/login/", {"username": REPORTER, "password": "x"})
    return spread


def put_off(case, press, people) -> None:  # noqa: F811
    press(case, "sijing-head rectify")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="suspend", reason=SAID, minutes=600)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)


def judge(case, people) -> None:  # noqa: F811
    by, head = people["anwei-office"], people["sijing-head"]
    stating.state(case.pk, by=head, about="told", text=SAID)
    common = {"ground": "case", "unit": TOWN, "text": SAID, "number": case.number}
    meets = {"basis": "《安全生产法》第十条", "place": SAID, "chair": SAID, "meets_at": clock.now() + timedelta(days=2)}
    made = ordering.order(Asked(kind="talk", **common, **meets), by=by)
    following.answer(made.pk, by=head, text=SAID)
    with clock.as_if(clock.now() + timedelta(days=3)):
        following.hold(made.pk, by=by, outcome=SAID, minutes=SAID)
    following.withdraw(ordering.order(Asked(kind="reminder", **common), by=by).pk, by=by, note=SAID)


def ask_the_desk(case, people) -> None:  # noqa: F811
    checkpoints.make()
    indexing.catch_up()
    questions.keep({"text": REPORTER}, by=people["auditor"], name=REPORTER, shared=False)
    given = {"purpose": SAID, "recipient": SAID, "query": f"text={REPORTER}"}
    given |= {"cases": case.number, "until": (localdate(clock.now()) + timedelta(days=3)).isoformat()}
    exporting.seal(exporting.order(given, directory.current()), by=people["auditor"])


def opine(people) -> None:
    drafted = editions.draft(by=people["anwei-office"], title="第二版", document="松安委〔2026〕9号")
    own = drafted.duties.filter(unit__code="SJ-SW").first()
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.opine(drafted.pk, "object", [own.pk], by=people["shuiwu-head"], text=SAID)


def hand_over(people) -> None:
    now = clock.now()
    row = Row(TOWN, "sijing-duty", now - timedelta(minutes=1), now + timedelta(hours=8))
    with clock.as_if(now - timedelta(minutes=1)):
        (shift,) = rostering.plan([row], by=people["sijing-head"])
    taker = Post.objects.get(user=people["sijing-handler"])
    rostering.hand_over(shift.pk, by=people["sijing-duty"], to=taker.pk, note=SAID)


def by_page(client, people) -> None:
    client.force_login(people["anwei-office"])
    given = {"name": REPORTER, "phone": PHONE, "basis": "consent", "reason": "来函", "do": "erase"}
    assert "库中再无此人" in client.post("/privacy/", given).content.decode()


def by_command(client, people) -> None:
    whom = ["--name", REPORTER, "--phone", PHONE]
    call_command("erase_person", *whom, "--basis", "consent", "--reason", "来函", stdout=io.StringIO())


@pytest.mark.parametrize("erase", [by_page, by_command])
def test_a_person_in_every_place_is_nowhere_after_it_and_everything_holds(everywhere, people, client, erase):
    new = {Pause, Opinion, HandOver, RiskObject} | {
        model for model, *_rest in PLACES if "accountability" in model.__module__
    }
    columns = {model: names for model, names, _way in PLACES}
    missing = [model for model in new if not naming(model, columns[model]) and model.__name__ != "Recheck"]
    assert missing == []
    assert Sealed.objects.filter(purpose=SAID).exists()
    before = dict(LedgerEntry.objects.values_list("id", "digest"))
    erase(client, people)
    assert REPORTER not in dump()
    assert PHONE not in dump().replace("-", "").replace(" ", "")
    assert erasure.standing(erasing.Person(REPORTER, PHONE)) == {}
    assert dict(LedgerEntry.objects.values_list("id", "digest")).items() >= before.items()
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert not Question.objects.exists()
    assert Indexed.objects.exists()
    checkpoints.make()
    indexing.catch_up()
    assert not Indexed.objects.filter(words__contains=REPORTER).exists()
    assert not list(audit.mismatches())
    assert found() == []


def naming(model, names) -> bool:
    return any(SAID in str(value) for row in model.objects.values_list(*names) for value in row)


def test_a_bundle_holds_after_an_erasure_and_a_talk(everywhere, unpack, verify):  # noqa: F811
    erasure.erase(erasing.Person(REPORTER, PHONE), by=None, basis="consent", reason="来函")
    folder = unpack(None, "after")
    assert REPORTER not in (folder / "entries.jsonl").read_text()
    code, said = verify(folder)
    assert code == 0, said


def test_the_desk_is_asked_by_words_that_are_gone(everywhere):
    erasure.erase(erasing.Person(REPORTER, PHONE), by=None, basis="consent", reason="来函")
    read = asking.read({"text": REPORTER}, directory.current())
    from desk import searching

    assert searching.search(read).places == []
