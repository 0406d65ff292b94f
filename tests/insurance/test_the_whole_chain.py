"""From alert to settlement: the page tells each reader his part, and the bundle proves every chain of it without us."""

import json
import zipfile
from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from cases import outside
from cases.bundle import exporting
from cases.models import Case
from insurance.claims import handling, paying
from insurance.portals import reach
from insurance.service.models import ServiceOrder
from responsibility import clock, directory
from responsibility.acting import SYSTEM, of
from tests.bundle.conftest import fresh_python, verify  # noqa: F401
from tests.cases.conftest import CONTAINED, open_case, press, send  # noqa: F401
from tests.insurance.claiming import agreed, cover, shared
from tests.insurance.conftest import told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.LEDGER_KEYS, settings.EVIDENCE_ROOT = tmp_path / "keys", tmp_path / "evidence"


@pytest.fixture
def settled(open_case, press, policy, order, people):  # noqa: F811
    """A contained case, covered, served, claimed and paid; another policy of another insurer covers nothing of it."""
    case = press(open_case(), *CONTAINED)
    made = policy()
    cover(case, made)
    given = order(made, case=case)
    claim = agreed(case, made, people)
    paying.pay(claim.pk, "8000", "V-1", by=people["insurer"])
    told(made, "policy.premium", made.number)
    claim.refresh_from_db()
    return case, made, given, claim


@pytest.fixture
def line_of(client, people, settled):
    def read(who: str) -> str:
        client.force_login(people[who])
        answer = client.get(f"/insurance/cases/{settled[0].number}/chain/")
        return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)

    return read


AMOUNT, ORDERED, LOOPS, PAID = "8,000.00 元", "委托第三方", "报告现场已受控", "支付赔款"


@pytest.mark.parametrize(
    ("who", "seen", "unseen"),
    [
        ("insurer", [AMOUNT, ORDERED, PAID, "由保单 P-1 承保", "险情受控", "准备金"], [LOOPS, "导出证据包"]),
        ("enterprise", [AMOUNT, ORDERED, PAID, "由保单 P-1 承保", "险情受控"], [LOOPS, "准备金"]),
        (
            "broker",
            ["由保单 P-1 承保", "已受控", "已赔付"],
            [AMOUNT, PAID, LOOPS, "准备金", "硫化氢", "险情", "黄色", "委托"],
        ),
        ("firm", [ORDERED, "险情受控"], [AMOUNT, PAID, LOOPS, "P-1", "硫化氢", "理赔"]),
        ("auditor", [AMOUNT, ORDERED, PAID, LOOPS, "由保单 P-1 承保"], []),
        ("anwei-office", [ORDERED, LOOPS, "由保单 P-1 承保"], [AMOUNT, PAID]),
        ("sijing-head", [LOOPS, "导出证据包"], [AMOUNT, PAID, "P-1"]),
    ],
)
def test_each_reader_sees_his_part_of_the_line(line_of, who, seen, unseen):
    said = line_of(who)
    line = said[said.find("<main") :] if who != "firm" else said[said.find('class="chainline"') :]
    assert [word for word in seen if word not in line] == []
    assert [word for word in unseen if word in line] == []


@pytest.mark.parametrize("who", ["insurer-b", "firm-b", "jiuting-duty", "admin"])
def test_nobody_else_learns_that_there_is_such_a_case(line_of, who):
    assert line_of(who) == "404"


def test_the_firm_sees_it_while_its_order_runs_and_the_insurer_until_the_tail_ends(line_of, settled, people):
    case, _made, given, _claim = settled
    now = clock.now()
    ServiceOrder.objects.filter(pk=given.pk).update(state="done", ended_at=now)
    told(given, "order.done", given.number)
    assert line_of("firm") == "404"
    assert line_of("insurer") != "404"
    case.refresh_from_db()
    found = reach.of(of(people["insurer"]), case, directory.current())
    found.covers[0].__class__.objects.filter(case=case).update(until=now, shown_until=now)
    told(settled[1], "policy.cover", "P-1")
    # Its own order and claim are its own record, and stay.
    assert "由保单" not in line_of("insurer")
    assert line_of("broker") == "404"
    assert line_of("enterprise") != "404"


def unpack(case: Case, folder, by=None):
    with exporting.export(case.pk, by=by) as made, zipfile.ZipFile(made) as archive:
        archive.extractall(folder)
    return json.loads((folder / "manifest.json").read_text())


def test_the_bundle_carries_and_proves_the_chains_of_the_insurance_side(settled, verify, tmp_path):  # noqa: F811
    case, made, given, claim = settled
    folder = tmp_path / "whole"
    beside = unpack(case, folder)["beside"]
    assert [(one["is"], one["name"]) for one in beside] == [
        ("policy", made.number), ("order", given.number), ("claim", claim.number)
    ]  # fmt: skip
    assert [one["chain"] for one in beside] == [str(made.chain), str(given.chain), str(claim.chain)]
    code, said = verify(folder)
    assert code == 0, said
    assert f"另链 claim {claim.number}" in said
    assert "每条连着前一条，都属于该链" in said
    path = folder / beside[2]["path"]
    content = bytearray(path.read_bytes())
    content[content.index(b"8000.00")] ^= 1
    path.write_bytes(bytes(content))
    code, said = verify(folder)
    assert code == 1
    assert "✗ 条目内容与其摘要不符，内容被改动" in said


def test_a_chain_beside_cut_short_exchanged_or_of_another_matter_is_found(settled, verify, tmp_path):  # noqa: F811
    case, *_rest = settled
    folder = tmp_path / "whole"
    beside = unpack(case, folder)["beside"]
    path = folder / beside[2]["path"]
    whole = path.read_text().splitlines(keepends=True)
    for altered in (whole[:-1], whole[1:], [whole[1], whole[0], *whole[2:]]):
        path.write_text("".join(altered))
        code, said = verify(folder)
        assert code == 1
        assert "缺少条目或次序不对" in said
    path.write_text((folder / beside[1]["path"]).read_text())
    code, said = verify(folder)
    assert code == 1
    assert "条目属于他链" in said


def test_each_reader_carries_away_the_chains_that_he_may_see(settled, people, tmp_path, verify):  # noqa: F811
    case, made, _given, claim = settled
    kinds = {}
    for who in ("auditor", "anwei-office", "sijing-head"):
        kinds[who] = [one["is"] for one in unpack(case, tmp_path / who, people[who])["beside"]]
        assert verify(tmp_path / who)[0] == 0
    assert kinds == {"auditor": ["policy", "order", "claim"], "anwei-office": ["policy", "order"], "sijing-head": []}
    # What the policy says besides, of its premium say, is there by its digest only.
    listed = json.loads((tmp_path / "anwei-office" / "manifest.json").read_text())["beside"][0]
    assert (listed["name"], listed["hidden"]) == (made.number, 2)
    assert claim.number not in (tmp_path / "anwei-office" / "manifest.json").read_text()


def test_an_outsider_with_a_grant_carries_his_own_and_no_names(settled, people, tmp_path, verify):  # noqa: F811
    from datetime import timedelta

    from cases import sharing

    case, _made, _given, claim = settled
    for who in ("insurer", "enterprise", "broker"):
        sharing.share(
            case.pk, by=people["yingji-office"], until=clock.now() + timedelta(days=7), reason="理赔", username=who
        )
        listed = unpack(case, tmp_path / who, people[who])["beside"]
        assert verify(tmp_path / who)[0] == 0
        assert ("claim" in [one["is"] for one in listed]) == (who != "broker")
        if who == "enterprise":
            text = (tmp_path / who / next(one["path"] for one in listed if one["is"] == "claim")).read_text()
            assert "雨污管井" in text
            assert "claim.reserve" not in text
            assert str(people["insurer"]) not in text
    assert reach.of(SYSTEM, case, directory.current()).claims[0][0] == claim


def test_joint_insurers_carry_the_claim_too(settled, people, line_of):
    _case, made, _given, _claim = settled
    shared(made, X_INS=60, X_INS_B=40)
    assert AMOUNT in line_of("insurer-b")


def test_a_refused_claim_ends_the_line(open_case, policy, people, client):  # noqa: F811
    case, made = open_case(), policy()
    cover(case, made)
    from tests.insurance.claiming import noticed

    handling.refuse(noticed(case, made, people).pk, "不属于保险责任", by=people["insurer"])
    client.force_login(people["broker"])
    assert "已拒赔" in client.get(f"/insurance/cases/{case.number}/chain/").content.decode()


WORDS = "来电人王五 13800001234 称井口冒烟"


@pytest.mark.parametrize("who", ["insurer", "enterprise", "firm", "broker"])
def test_the_words_of_whoever_reported_it_are_told_to_nobody_outside(open_case, policy, order, people, client, who):  # noqa: F811
    made, case = policy(), open_case(title=WORDS)
    cover(case, made)
    order(made, case=case)
    client.force_login(people[who])
    page = client.get(f"/insurance/cases/{case.number}/chain/")
    assert page.status_code == 200
    assert "王五" not in page.content.decode()
    notice = client.get("/insurance/claims/notice/").content.decode()
    assert "王五" not in notice
    if who in ("insurer", "enterprise"):
        assert outside.title(case) in page.content.decode()
        assert outside.title(case) in notice


def test_an_office_reads_the_title_as_it_stands(open_case, people, client):  # noqa: F811
    case = open_case(title=WORDS)
    client.force_login(people["sijing-head"])
    assert WORDS in client.get(f"/insurance/cases/{case.number}/chain/").content.decode()


def test_a_broker_is_told_no_time_of_a_case(settled, line_of, client, people):
    case, made, _given, _claim = settled
    at = clock.now() - timedelta(days=33)
    made.covers.filter(case=case).update(at=at, found_at=at)
    told(made, "policy.cover", "P-1")
    day = f"{localdate(at):%Y-%m-%d}"
    lines = {who: line_of(who) for who in ("broker", "insurer")}
    assert (day in lines["broker"], day in lines["insurer"]) == (False, True)
    for who, shown in {"broker": False, "insurer": True, "enterprise": True}.items():
        client.force_login(people[who])
        page = client.get(f"/insurance/policies/{made.pk}/").content.decode()
        assert case.number in page
        assert (day in page) is shown
