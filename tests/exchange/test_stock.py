"""A store counted in Excel: by its keeper, never below what is out, written as from the page."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts import intake
from alerts.formats import item
from cases import dispatching
from cases.models import Case
from resources import keeping
from resources.models import Resource
from responsibility.exchange import importing
from responsibility.models import LedgerEntry, Unit
from responsibility.refusals import Refused
from tests.cases.conftest import alert
from tests.cases.test_dispatching import GAS
from tests.exchange.conftest import book, cell_of, packed, told

pytestmark = pytest.mark.django_db
OFFICE = "yingji-office"
HEADER = ("代码", "库存", "状态")


@pytest.fixture
def sand():
    """A material that can be counted."""
    return Resource.objects.filter(kind="material", reserved=0, stock__gte=10).order_by("code").first()


def taken_by(client, people, who: str, form: str = "xlsx") -> bytes:
    client.force_login(people[who])
    return b"".join(client.get(f"/exchange/stock/export.{form}").streaming_content)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_is_taken_out_comes_back_without_a_change(client, people, bring, form):
    content = taken_by(client, people, OFFICE, form)
    upload = bring("stock", SimpleUploadedFile(f"a.{form}", content), by=OFFICE)
    assert (upload.state, upload.faults) == ("judged", [])
    assert upload.counts["unchanged"] == Resource.objects.count()
    assert upload.counts["changed"] == 0


def test_a_count_is_written_with_an_entry_for_each_resource_that_changed(client, people, bring, apply, sand):
    team = Resource.objects.filter(kind="team", reserved=0, ready=True).first()
    made = openpyxl.load_workbook(io.BytesIO(taken_by(client, people, OFFICE)))
    cell_of(made, sand.code, "库存").value = sand.stock - 3
    cell_of(made, team.code, "状态").value = "不可出动"
    upload = bring("stock", packed(made), by=OFFICE)
    assert upload.counts["changed"] == 2
    apply(upload, by=OFFICE)
    before, team_before = sand.stock, team.ready
    sand.refresh_from_db()
    team.refresh_from_db()
    assert (sand.stock, team.ready, team_before) == (before - 3, False, True)
    entries = LedgerEntry.objects.filter(verb="resource.keep", subject_id__in=[sand.code, team.code])
    assert {entry.chain for entry in entries} == {keeping.chain_of(sand.pk), keeping.chain_of(team.pk)}
    assert {entry.actor for entry in entries} == {people[OFFICE]}


def test_what_is_left_empty_or_out_stays_as_it_is(bring, apply, sand):
    before = list(Resource.objects.exclude(pk=sand.pk).order_by("pk").values("stock", "ready"))
    apply(bring("stock", book(HEADER, (sand.code, None, "no")), by=OFFICE), by=OFFICE)
    kept = Resource.objects.get(pk=sand.pk)
    assert (kept.stock, kept.ready) == (sand.stock, False)
    assert list(Resource.objects.exclude(pk=sand.pk).order_by("pk").values("stock", "ready")) == before


def test_each_wrong_cell_is_named(bring, sand):
    team = Resource.objects.filter(kind="team").first()
    rows = [("NO-SUCH", 1, ""), (sand.code, 2.5, ""), (team.code, 2, "")]
    assert told(bring("stock", book(HEADER, *rows), by=OFFICE)) == {
        ("A2", "unknown_code"), ("B3", "bad_stock"), ("B4", "bad_stock"),
    }  # fmt: skip
    assert told(bring("stock", book(HEADER, (sand.code, -1, "")), by=OFFICE)) == {("B2", "out_of_range")}
    assert told(bring("stock", book(HEADER, (sand.code, 10**300, "")), by=OFFICE)) == {("B2", "long_number")}
    assert told(bring("stock", book(HEADER, (sand.code, 1, "perhaps")), by=OFFICE)) == {("C2", "unknown_choice")}


def test_a_store_is_counted_by_its_keeper_alone(client, people, bring, sand):
    water = Unit.objects.get(code="SJ-SW").pk
    theirs = Resource.objects.exclude(station__unit=water).filter(kind="material").first()
    assert told(bring("stock", book(HEADER, (theirs.code, 1, "")), by="shuiwu-head")) == {("A2", "not_stock_keeper")}
    made = openpyxl.load_workbook(io.BytesIO(taken_by(client, people, "shuiwu-head")))
    codes = {row[0].value for row in made.worksheets[0].iter_rows(min_row=2)}
    assert codes == set(Resource.objects.filter(station__unit=water).values_list("code", flat=True))


def test_no_count_goes_below_what_is_out(bring, apply, source, people, sand):
    (answer,) = intake.receive(source, [alert(**GAS)], item.read)
    case = Case.objects.get(number=answer.case)
    upload = bring("stock", book(HEADER, (sand.code, 2, "")), by=OFFICE)
    dispatching.send(case.pk, by=people[OFFICE], wanted={sand.code: 5})
    assert told(bring("stock", book(HEADER, (sand.code, 4, "")), by=OFFICE)) == {("B2", "promised_out")}
    # What was sent between the dry run and the import stops the import.
    with pytest.raises(Refused) as refused:
        importing.apply(upload.pk, by=people[OFFICE])
    assert refused.value.code == "changed_since"
    assert Resource.objects.get(pk=sand.pk).stock == sand.stock


def test_more_rows_take_no_more_statements(people, statements):
    def count(some):
        wanted = {resource.pk: keeping.Wish(ready=not resource.ready) for resource in some}
        return statements(lambda: keeping.keep_all(wanted, by=people[OFFICE]))

    every = list(Resource.objects.order_by("pk"))
    count(every[:1])
    assert count(every[1:3]) == count(every[3:23])
