"""Figures of the district: what is hidden cannot be worked out from what is shown."""

import random
from datetime import timedelta
from fractions import Fraction

import pytest
from django.utils.timezone import localdate

from cases.models import Case
from insurance.portals import figures, hiding
from responsibility import clock
from responsibility.models import Category, Territory
from responsibility.refusals import Invalid
from tests.insurance.portals import opened

ROWS, COLUMNS = 5, 6


def recomputed(table: list[list[int]], gone: set) -> set:
    """The hidden entries that follow from the shown ones: the whole system of sums, solved with fractions.

    An entry follows when its unit vector lies in the row space of the system, which reduced to echelon form is so
    exactly when it stands alone in a line.
    """
    unknown = sorted(gone)
    place = {entry: number for number, entry in enumerate(unknown)}
    rows, columns = len(table), len(table[0])
    lines = [[((r, c), 1) for c in range(columns - 1)] + [((r, columns - 1), -1)] for r in range(rows)]
    lines += [[((r, c), 1) for r in range(rows - 1)] + [((rows - 1, c), -1)] for c in range(columns)]
    system = []
    for line in lines:
        equation = [Fraction(0)] * len(unknown)
        for entry, sign in line:
            if entry in place:
                equation[place[entry]] += sign
        system.append(equation)
    done = 0
    for column in range(len(unknown)):
        pivot = next((r for r in range(done, len(system)) if system[r][column]), None)
        if pivot is None:
            continue
        system[done], system[pivot] = system[pivot], system[done]
        system[done] = [value / system[done][column] for value in system[done]]
        for r in range(len(system)):
            if r != done and system[r][column]:
                factor = system[r][column]
                system[r] = [a - factor * b for a, b in zip(system[r], system[done], strict=True)]
        done += 1
    return {unknown[line.index(1)] for line in system if sum(value != 0 for value in line) == 1}


def random_tables(count: int):
    chance = random.Random(20261122)  # noqa: S311, no secret
    for _number in range(count):
        rows, columns = chance.randint(1, ROWS), chance.randint(1, COLUMNS)
        values = chance.choice([[0, 1, 2, 9, 30], [6, 7, 8, 40, 3], [0, 0, 0, 12], [5, 6, 50], [0, 1]])
        yield [[chance.choice(values) for _c in range(columns)] for _r in range(rows)]


def test_the_solver_of_this_test_finds_what_one_hidden_cell_gives_away():
    table = hiding.with_totals([[9, 2], [8, 7]])
    assert recomputed(table, {(0, 1)}) == {(0, 1)}
    assert recomputed(table, {(0, 0), (0, 1), (1, 0), (1, 1)}) == set()
    # Two cycles and a bridge between them: each line has two hidden cells and more, and one follows all the same.
    bridged = {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)}
    assert recomputed(hiding.with_totals([[9] * 4 for _ in range(4)]), bridged) == {(1, 2)}


def test_no_hidden_count_can_be_recomputed_from_what_is_shown():
    for counts in random_tables(400):
        table, gone = hiding.with_totals(counts), hiding.hidden(counts)
        assert {(r, c) for r, row in enumerate(table) for c, count in enumerate(row) if count < 5} <= gone
        assert recomputed(table, gone) == set(), counts


def test_no_line_tells_that_what_is_hidden_in_it_is_next_to_nothing():
    for counts in random_tables(400):
        table, gone = hiding.with_totals(counts), hiding.hidden(counts)
        for r, row in enumerate(table):
            parts = [(r, c) for c in range(len(row) - 1) if (r, c) in gone]
            if parts and (r, len(row) - 1) not in gone:
                assert sum(table[a][b] for a, b in parts) >= 5, counts


def test_what_is_large_enough_everywhere_is_shown_whole():
    assert hiding.hidden([[9, 8], [7, 6]]) == set()


def test_a_table_as_large_as_the_district_is_hidden_within_a_second():
    chance = random.Random(7)  # noqa: S311, no secret
    counts = [[chance.choice([0, 0, 1, 3, 6, 12, 80]) for _c in range(60)] for _r in range(20)]
    gone = hiding.hidden(counts)
    assert {(r, c) for r, row in enumerate(counts) for c, count in enumerate(row) if count < 5} <= gone


# --- of real cases ----------------------------------------------------------------------------
@pytest.fixture
def month(source, district):
    """The last month that is over: twelve cases of one street and category, six of another street, two of a third."""
    first = figures.months(clock.now())[0]
    streets = list(Territory.objects.order_by("code")[:3])
    category = Category.objects.order_by("code").first()
    when = clock.now().replace(year=first.year, month=first.month, day=15)
    cases = [opened(source, f"figure-{number}") for number in range(20)]
    for number, case in enumerate(cases):
        street = streets[0 if number < 12 else 1 if number < 18 else 2]
        Case.objects.filter(pk=case.pk).update(territory=street, category=category, opened_at=when)
    return first, [street.code for street in streets], category.code


@pytest.mark.django_db
def test_the_table_counts_by_street_and_category_and_hides_the_small_ones(month):
    first, streets, category = month
    table = figures.of(first)
    assert [code for code, _name in table.columns] == [category, ""]
    lines = {line.code: line for line in table.lines}
    assert lines[streets[2]].counts[0] is None
    assert lines[streets[0]].counts[0] in (12, None)
    assert table.shown
    shown = {(r, c) for r, line in enumerate(table.lines) for c, n in enumerate(line.counts) if n is not None}
    assert all(table.lines[r].counts[c] >= 5 for r, c in shown)


@pytest.mark.django_db
def test_drills_void_cases_and_the_running_month_are_not_counted(month, source, django_assert_num_queries):
    first, _streets, _category = month
    opened(source, "now")
    with django_assert_num_queries(2):
        before = figures.of(first)
    Case.objects.filter(title__contains="").filter(opened_at__month=first.month).update(state="void")
    assert figures.of(first).shown == 0
    assert before.shown


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["2026-13", "1900-01", "x", "２０２６-10", "2026-1", "\x00", "9" * 50, "9999-12"])
def test_only_months_that_are_over_are_told(asked, client, people):
    with pytest.raises(Invalid):
        figures.read(asked, clock.now())
    running = localdate(clock.now()).strftime("%Y-%m")
    with pytest.raises(Invalid):
        figures.read(running, clock.now())
    client.force_login(people["insurer"])
    assert client.get("/insurance/figures/", {"month": asked}).status_code == 400
    assert client.get("/api/v1/insurance/figures/", {"month": asked}).status_code == 400


@pytest.mark.django_db
def test_insurers_alone_see_the_district(client, people, month):
    for who, status in {"insurer": 200, "broker": 403, "firm": 403, "enterprise": 403, "sijing-head": 403}.items():
        client.force_login(people[who])
        assert client.get("/insurance/figures/").status_code == status
        assert client.get("/api/v1/insurance/figures/").status_code == status


@pytest.mark.django_db
def test_twelve_months_go_back_a_year():
    months = figures.months(clock.now())
    assert len(months) == 12
    assert months[0] < localdate(clock.now()).replace(day=1)
    assert months[0] - months[-1] < timedelta(days=366)
