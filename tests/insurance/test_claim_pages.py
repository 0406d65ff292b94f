"""Each reader of a claim is shown exactly his own, on the page and by the API, and bad input is told so."""

import json

import pytest

from insurance.claims import handling, noticing, paying, verbs
from tests.cases.conftest import open_case, picture, send  # noqa: F401
from tests.insurance.claiming import agreed, cover, noticed, shared

pytestmark = pytest.mark.django_db
SECRETS = ("5,000.00", "5000.00", "某施工公司")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def covered(open_case, policy):  # noqa: F811
    made = policy()
    return open_case(), made


@pytest.fixture
def claim(covered, people):
    case, made = covered
    cover(case, made)
    shared(made, X_INS=60, X_INS_B=40)
    claim = agreed(case, made, people)
    noticing.give(claim.pk, picture(1), by=people["enterprise"], note="发票")
    paying.pay(claim.pk, "8000", "V-1", by=people["insurer"])
    seek = paying.pursue(claim.pk, by=people["insurer"], against="某施工公司", basis="侵权", sought="100")
    paying.recover(claim.pk, "10", "R-1", by=people["insurer"], pursuit=seek.pk)
    return claim


@pytest.fixture
def as_(client, people):
    def sign(name: str):
        client.force_login(people[name])
        return client

    return sign


def both(client, claim) -> str:
    page = client.get(f"/insurance/claims/{claim.number}/")
    told = client.get(f"/api/v1/insurance/claims/{claim.number}/")
    assert page.status_code == told.status_code == 200
    lists = client.get("/insurance/claims/?view=ended"), client.get("/api/v1/insurance/claims/")
    assert all(claim.number in one.content.decode() for one in lists)
    return page.content.decode() + json.dumps(told.json(), ensure_ascii=False) + lists[1].content.decode()


@pytest.mark.parametrize("who", ["insurer", "insurer-b", "auditor"])
def test_who_carries_the_policy_sees_everything(as_, claim, who):
    said = both(as_(who), claim)
    assert all(secret in said for secret in ("8,000.00", "8000.00", "某施工公司", "雨污管井", "4800.00", "3200.00"))


def test_the_insured_sees_its_own_and_not_what_is_set_aside_or_sought(as_, claim):
    said = both(as_("enterprise"), claim)
    assert "雨污管井" in said
    assert "8,000.00" in said
    assert not any(secret in said for secret in SECRETS)


def test_the_broker_sees_the_state_and_nothing_else(as_, claim):
    client = as_("broker")
    said = both(client, claim)
    assert "已赔付" in said
    hidden = ("雨污管井", "8,000", "8000", "V-1", "发票", "PICC-1", "photo.jpg", *SECRETS)
    assert not any(secret in said for secret in hidden)
    told = client.get(f"/api/v1/insurance/claims/{claim.number}/").json()
    assert told.keys() == {"number", "case", "policy", "insurer", "state", "allowed"}
    # States and no times (facts 3.5), neither when notice was given nor when it ended.
    for page in ("/insurance/claims/?view=ended", f"/insurance/claims/{claim.number}/"):
        main = client.get(page).text.partition("<main")[2].partition("</main>")[0]
        assert claim.number in main
        assert "<time" not in main
        assert "报案时间" not in main
    chain = client.get(f"/insurance/cases/{claim.case.number}/chain/")
    assert chain.status_code in (200, 404)
    assert "<time" not in chain.text.partition("<main")[2].partition("</main>")[0]
    paper = claim.papers.get()
    assert client.get(f"/insurance/claims/papers/{paper.pk}/").status_code == 404
    assert client.get(f"/api/v1/insurance/claims/papers/{paper.pk}/").status_code == 404


@pytest.mark.parametrize("who", ["sijing-head", "anwei-office", "yingji-office", "firm", "admin"])
def test_nobody_else_is_told_that_there_is_one(as_, claim, who):
    client, missing = as_(who), claim.number[:-1] + "9"
    for address in ("/insurance/claims/{}/", "/api/v1/insurance/claims/{}/"):
        assert client.get(address.format(claim.number)).status_code == 404
        assert client.get(address.format(missing)).status_code == 404
    assert client.get("/insurance/claims/").status_code == 403
    assert client.get("/api/v1/insurance/claims/").status_code == 403


def test_another_insurer_and_another_insured_see_nothing(as_, covered, people):
    case, made = covered
    cover(case, made)
    claim = noticed(case, made, people)
    client = as_("insurer-b")
    assert client.get(f"/insurance/claims/{claim.number}/").status_code == 404
    assert client.get("/api/v1/insurance/claims/").json()["results"] == []
    assert "P-1" not in client.get("/insurance/claims/notice/").content.decode()
    notice = {"policy": "P-1", "case": case.number, "loss": "x"}
    answer = client.post("/api/v1/insurance/claims/", notice, content_type="application/json")
    assert answer.status_code == 404


def test_the_whole_way_by_the_pages(as_, covered, people):
    case, made = covered
    found = cover(case, made)
    client = as_("enterprise")
    assert case.number in client.get("/insurance/claims/notice/").content.decode()
    given = {"cover": found.pk, "loss": "井盖损坏", "estimate": "900"}
    at = client.post("/insurance/claims/notice/", given)["Location"]
    assert client.post("/insurance/claims/notice/", given).status_code == 400
    as_("insurer").post(f"{at}register/", {"theirs": "PICC-9", "reserve": "900"})
    assert 'class="state refused"' not in client.get(at).content.decode()
    assert at in client.get("/insurance/claims/?view=waiting").content.decode()
    assert client.post(f"{at}assess/", {"amount": "12,00", "findings": "不会丢失的字"}).status_code == 400
    assert "不会丢失的字" in client.post(f"{at}assess/", {"amount": "x", "findings": "不会丢失的字"}).content.decode()
    assert client.post(f"{at}agree/").status_code == 403
    assert client.post(f"{at}assess/", {"amount": "900", "findings": "属实"}).status_code == 303
    assert at not in client.get("/insurance/claims/?view=waiting").content.decode()
    client = as_("enterprise")
    assert at in client.get("/insurance/claims/?view=waiting").content.decode()
    assert client.post(f"{at}papers/", {"file": picture(4), "note": "照片"}).status_code == 303
    # Nobody is asked to agree to a sum that stands elsewhere.
    assert "应赔" in client.get(at).content.decode().split(f"{at}agree/")[1].split("</form>")[0]
    assert client.post(f"{at}agree/").status_code == 303
    client = as_("insurer")
    paper = client.get(f"/api/v1{at}").json()["papers"][0]["id"]
    assert client.get(f"/insurance/claims/papers/{paper}/").status_code == 200
    assert client.post(f"{at}pay/", {"amount": "900", "reference": "V", "at": ""}).status_code == 303
    assert "已赔付" in client.get(at).content.decode()


def test_the_whole_way_by_the_api(as_, covered, people):
    case, made = covered
    cover(case, made)
    way = {"content_type": "application/json"}
    notice = {"policy": made.number, "case": case.number, "loss": "井盖损坏", "estimate": "900.00"}
    answer = as_("enterprise").post("/api/v1/insurance/claims/", notice, **way)
    assert answer.status_code == 201, answer.content
    number = answer.json()["number"]
    at = f"/api/v1/insurance/claims/{number}/"
    assert answer.json()["allowed"] == ["withdraw"]
    client = as_("insurer")
    assert "register" in client.get(at).json()["allowed"]
    client.post(f"{at}register/", {}, **way)
    assert "fast" in client.get(at).json()["allowed"]
    told = client.post(f"{at}fast/", {}, **way).json()
    assert (told["state"], told["agreed"], told["fast"]) == ("agreed", "900.00", True)
    told = client.post(f"{at}pay/", {"amount": 900, "reference": "V"}, **way).json()
    assert told["state"] == "settled"
    assert told["payments"][0]["portions"] == [
        {"insurer": "X-INS", "percent": "100.00", "amount": "900.00", "rounding": "0.000000"}
    ]


@pytest.mark.parametrize("verb", sorted(verbs.VERBS))
def test_nonsense_is_refused_and_never_breaks(as_, covered, people, verb):
    case, made = covered
    cover(case, made)
    claim = noticed(case, made, people)
    handling.register(claim.pk, by=people["insurer"])
    names = [name for name, _kind, _label in verbs.VERBS[verb].fields] or ["note"]
    for value in ("\x00", "9" * 5000, "NaN", "-1", "１２", [1], {"a": 1}, None, 1e308, True, 10**40):
        for who in ("insurer", "enterprise"):
            answer = as_(who).post(
                f"/api/v1/insurance/claims/{claim.number}/{verb}/", dict.fromkeys(names, value),
                content_type="application/json",
            )  # fmt: skip
            assert answer.status_code in (200, 400, 403, 409), (who, value, answer.content)
    assert as_("insurer").post(f"/insurance/claims/{claim.number}/{verb}/").status_code in (303, 400, 403, 409)


def test_lists_ask_a_fixed_number_of_statements(client, people, policy, open_case, statements):  # noqa: F811
    client.force_login(people["insurer"])
    made, counts = policy(), []
    for n in range(3):
        case = open_case(object=f"FREE-{n}", location={"lat": 31.1144, "lon": 121.2683})
        cover(case, made)
        noticed(case, made, people)
        if n in (0, 2):
            counts.append(
                [statements(lambda a=a: client.get(a)) for a in ("/insurance/claims/", "/api/v1/insurance/claims/")]
            )
    assert counts[0] == counts[1]
    for nonsense in (
        "?before=x",
        "?before=" + "9" * 40,
        "?before=" + "0" * 5000,
        "?view=x",
        "?before=-1",
        "?before=１",
    ):
        assert client.get("/insurance/claims/" + nonsense).status_code == 200
        assert client.get("/api/v1/insurance/claims/" + nonsense).status_code == 400
