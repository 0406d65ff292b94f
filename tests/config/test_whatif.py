"""``manage.py whatif``: what it prints, what it writes, how it refuses."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rich.cells import cell_len

from alerts import intake
from alerts.formats import item
from responsibility import clock

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = ("--days", "7", "--alerts", "700", "--since", "2026-07-06")


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("whatif", *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def answer(tmp_path):
    """The figures of a run, by column label."""

    def ask(*args: str) -> dict:
        run(*args, "--json", str(tmp_path / "answer.json"))
        return json.loads((tmp_path / "answer.json").read_text())

    return ask


def figures(told: dict, name: str) -> list[float]:
    return [column["figures"][name]["mean"] for column in told["columns"]]


def test_the_small_loop_at_three_four_and_six_hours(answer):
    told = answer(*WEEK, "--set", "contain=180,240,360")
    assert [column["label"] for column in told["columns"]] == ["contain=180", "contain=240", "contain=360"]
    by_limit = figures(told, "medium_contain")
    assert by_limit[0] > by_limit[1] > by_limit[2]
    assert figures(told, "small") == sorted(figures(told, "small"))


def test_the_parts_add_up(answer):
    (column,) = answer(*WEEK)["columns"]
    told = {name: each["mean"] for name, each in column["figures"].items()}
    assert told["medium"] == told["medium_contain"] + told["medium_grade"] + told["medium_request"]
    assert told["large"] == told["large_grade"] + told["large_medium_limit"]
    assert told["worked"] == told["cases"] + told["reopened"]
    assert (
        told["small"] + told["wide"] <= told["worked"] <= told["small"] + told["wide"] + told["medium"] + told["large"]
    )
    assert told["spared"] <= told["missed_contain"]


def test_the_same_seed_prints_the_same_figures(answer):
    first, again, other = answer(*WEEK), answer(*WEEK), answer(*WEEK, "--seed", "2")
    assert first["columns"] == again["columns"]
    assert first["columns"] != other["columns"]


def test_several_runs_give_half_widths_and_differences_run_against_run(answer):
    told = answer(*WEEK, "--runs", "3", "--set", "contain=120,240")
    plain, longer = told["columns"]
    assert plain["figures"]["medium_contain"]["half_width"] > 0
    change = longer["difference"]["medium_contain"]
    assert change["mean"] + change["half_width"] < 0
    assert plain["difference"]["medium_contain"] == {"mean": 0.0, "half_width": 0.0}


def test_the_sentence_follows_the_figures_and_not_the_option(answer):
    fewer = answer(*WEEK, "--staff", "street=+0,+3")["columns"][1]["why"]
    none = answer(*WEEK, "--staff", "SJ-QX=+0,+3")["columns"][1]["why"]
    assert "签收超时" in fewer["zh"]
    assert "acknowledgements missed" in fewer["en"]
    assert "hardly different" in none["en"]


def test_it_says_what_it_assumes_and_whether_that_was_measured():
    told = run(*WEEK)
    for words in ("假设", "值班人数", "默认", "路程", "审批用时", "又发"):
        assert words in told
    assert told.index("假设") < told.index("留在小闭环")


@pytest.mark.parametrize(
    ("language", "others"), [("en", "[一-鿿]"), ("zh-hans", r"\b(assumption|default|stayed|alerts|missed|busiest)\b")]
)
def test_it_is_told_in_one_language_on_a_page_s_width(language, others):
    told = run(*WEEK, "--set", "contain=180,240,360", "--language", language)
    assert re.findall(others, told) == []
    assert max(cell_len(line) for line in told.splitlines()) <= 100


def test_a_simulated_quarter_is_mostly_new_dangers_at_places_of_their_own(answer):
    (column,) = answer("--days", "60", "--alerts", "6000", "--since", "2026-07-06")["columns"]
    told = {name: each["mean"] for name, each in column["figures"].items()}
    assert 0.02 < told["reopened"] / told["worked"] < 0.15
    assert told["small"] / told["worked"] > 0.5
    assert told["missed_acknowledge"] < told["worked"]


def test_real_alerts_are_replayed(source, answer):
    at = clock.now() - timedelta(hours=20)
    with clock.as_if(at):
        place = {"lat": 31.1144, "lon": 121.2683}
        known = {"category": "LL-CONF-H2S", "observed_at": at.isoformat(), "grade": "yellow", "location": place}
        items = [known | {"external_id": f"r-{number}", "object": f"R-{number % 3}"} for number in range(5)]
        intake.receive(
            source, [*items, known | {"external_id": "r-9", "location": {"lat": 0.0, "lon": 0.0}}], item.read
        )
    told = answer("--since", f"{timezone.localtime(at - timedelta(hours=1)):%Y-%m-%dT%H:%M}")
    assert (figures(told, "cases"), figures(told, "joined"), told["unplaced"]) == ([3], [2], 1)


@pytest.mark.parametrize(
    "args",
    [
        "", "--since soon", "--since 0001-01-01T00:00:00+14:00", "--since 2026-07-02 --until 2026-07-01",
        "--days 0", "--days 100000", "--days 3 --alerts 0", "--alerts 5 --since 2026-07-01", "--days 3 --runs 0",
        "--days 3 --until 2026-07-01", "--since 2025-01-01 --until 2025-01-02", "--days 3 --set contain=x",
        "--days 3 --staff NOBODY=1", "--days 3 --json /no/such/file", "--days 3 --station A:B=+1",
        "--days 3 --night dark", "--days 3 --alerts 5 --since 2199-12-30",
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_one_sentence_and_exit_code_two(args):
    with pytest.raises(CommandError) as refused:
        run(*args.split())
    assert refused.value.returncode == 2
    assert len(str(refused.value).splitlines()) == 1
