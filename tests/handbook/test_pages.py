"""The room of handbooks in the browser: read, drawn up, compared, published, printed."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from handbook.models import Version, VersionState
from tests.handbook.conftest import H2S

pytestmark = pytest.mark.django_db
ROOM = f"/handbooks/{H2S}/"


def text_of(answer) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(b"".join(answer))).pages)


def test_everybody_reads_what_is_published(as_):
    for name in ("sijing-handler", "firm", "auditor"):
        listed = as_(name).get("/handbooks/").content.decode()
        assert "有限空间/窨井硫化氢" in listed
        shown = as_(name).get(ROOM).content.decode()
        assert "严禁盲目施救" in shown
        assert "自有知识，未经核实" in shown


def test_a_draft_is_seen_by_its_owner_and_those_who_oversee(as_, drafted):
    for name, status in {"shuiwu-head": 200, "anwei-office": 200, "jianguan-head": 404, "sijing-duty": 404}.items():
        assert as_(name).get(f"{ROOM}?version=2").status_code == status


def test_the_whole_way_through_the_pages(as_, people):
    client = as_("shuiwu-head")
    assert client.post(f"{ROOM}draft/").status_code == 303
    said = {"text": "测三个部位", "text_en": "Test three levels", "role": "territory", "minutes": "20",
            "proof": "reading", "blocks": "contain", "grade": ["orange", "red"], "loop": "small",
            "position": "1"}  # fmt: skip
    answer = client.post(f"{ROOM}2/steps/new/", said)
    assert answer.status_code == 303
    step = Version.objects.get(category__code=H2S, number=2).steps.get(position=1)
    assert (step.text, step.grades, step.minutes, step.blocks) == ("测三个部位", ["red", "orange"], 20, "contain")
    assert "测三个部位" in client.get(f"{ROOM}2/steps/{step.pk}/").content.decode()
    assert "测三个部位" in client.get(f"{ROOM}compare/?version=2").content.decode()
    assert client.post(f"{ROOM}2/do/submit/").status_code == 303
    assert client.post(f"{ROOM}2/do/publish/").status_code == 403
    client = as_("anwei-office")
    assert "核准并发布" in client.get(f"{ROOM}?version=2").content.decode()
    assert client.post(f"{ROOM}2/do/publish/").status_code == 303
    assert Version.objects.get(category__code=H2S, number=2).state == VersionState.PUBLISHED
    assert "测三个部位" in as_("sijing-duty").get(ROOM).content.decode()


def test_a_narrowing_shows_the_steps_that_hold_there(as_, drafted, put, publish):
    put("只在红色大闭环", grades=["red"], loop="large")
    publish()
    client = as_("sijing-duty")
    for query, there in {"": True, "grade=red": True, "grade=blue": False, "grade=red&loop=small": False}.items():
        shown = client.get(f"{ROOM}?{query}").content.decode()
        assert ("只在红色大闭环" in shown) == there, query


@pytest.mark.parametrize(
    "said",
    [{"text": ""}, {"text": "x", "minutes": "9" * 40}, {"text": "x", "minutes": "-1"}, {"text": "x", "loop": "no"},
     {"text": "a\x00b", "loop": "small"}, {"text": "x", "loop": "small", "unit": "\x00"},
     {"text": "x", "loop": "small", "grade": ["pink"]}],
)  # fmt: skip
def test_wrong_input_is_answered_on_the_form(as_, drafted, said):
    answer = as_("shuiwu-head").post(f"{ROOM}2/steps/new/", said)
    assert answer.status_code == 400
    assert 'id="refused"' in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    ["/handbooks/NOPE/", "/handbooks/%00/", f"{ROOM}?version=99", f"{ROOM}?version=x", f"{ROOM}pdf/?version=99",
     f"{ROOM}compare/?version=1&with=7", f"{ROOM}1/do/burn/", f"{ROOM}{10**30}/do/submit/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(as_, address):
    assert as_("anwei-office").get(address).status_code == 404


def test_a_published_version_is_not_edited_through_the_pages(as_):
    answer = as_("shuiwu-head").post(f"{ROOM}1/steps/new/", {"text": "x", "loop": "small"})
    assert answer.status_code == 409


def test_a_category_without_a_handbook_says_who_would_draw_it_up(as_):
    shown = as_("anwei-office").get("/handbooks/NEW-DRONE/").content.decode()
    assert "起草第一版" in shown
    assert "起草第一版" not in as_("sijing-duty").get("/handbooks/NEW-DRONE/").content.decode()


# --- on paper -------------------------------------------------------------------
def test_the_paper_says_what_the_page_says_in_chinese(as_):
    answer = as_("sijing-duty").get(f"{ROOM}pdf/?version=1")
    assert answer["Content-Type"] == "application/pdf"
    told = text_of(answer).replace("\n", "")
    for words in (
        "有限空间/窨井硫化氢处置手册",
        "第 1 版",
        "水务局",
        "自有知识，未经核实",
        "大闭环",
        "严禁盲目施救",
    ):
        assert words in told, words


def test_the_paper_is_in_the_readers_language(as_):
    client = as_("sijing-duty")
    client.cookies["django_language"] = "en"
    told = " ".join(text_of(client.get(f"{ROOM}pdf/")).split())
    assert "forbid blind rescue" in told
    assert "own knowledge, unverified" in told
    assert "Large loop" in told


def test_the_font_is_in_the_paper(as_):
    pages = PdfReader(BytesIO(b"".join(as_("sijing-duty").get(f"{ROOM}pdf/")))).pages
    fonts = [font.get_object() for font in pages[0]["/Resources"]["/Font"].values()]
    inner = [part.get_object()["/FontDescriptor"] for font in fonts for part in font["/DescendantFonts"]]
    assert inner
    assert all(any(name.startswith("/FontFile") for name in descriptor) for descriptor in inner)


def test_a_draft_on_paper_says_that_it_is_none_in_force(as_, drafted):
    assert "起草，尚未生效" in text_of(as_("shuiwu-head").get(f"{ROOM}pdf/?version=2"))


def test_pages_are_numbered(as_, drafted, put, publish):
    for n in range(40):
        put(f"第{n}条要求" * 10, how="逐项核对。" * 20)
    publish()
    reader = PdfReader(BytesIO(b"".join(as_("shuiwu-head").get(f"{ROOM}pdf/?version=2"))))
    assert len(reader.pages) > 2
    assert f"2 / {len(reader.pages)}" in reader.pages[1].extract_text()
