"""What a tier may do is data, and is asked before a unit is made to lead."""

import copy

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from responsibility import authority, directory, loading
from responsibility.models import Authority, Power, Unit
from responsibility.refusals import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]


def verbs_of(district, code: str) -> set[str]:
    rows = authority.rows_of(district.units_by_code[code], district)
    return {verb for row in rows for verb in row.verbs}


def test_a_street_may_report_act_first_dissuade_and_assist_and_nothing_else(district):
    streets = [unit for unit in district.units.values() if unit.kind in ("street", "town", "zone")]
    assert len(streets) == 20
    for street in streets:
        assert verbs_of(district, street.code) == {"report", "first_action", "dissuade", "assist"}, street


def test_enforcement_goes_to_bodies_with_power_alone(district):
    for code in ("SJ-SW", "SJ-YJ", "SJ-XF", "SJ-CG"):
        authority.require(district.units_by_code[code], "enforce")
    for code in ("310117102", "SJ-WJ", "SJ-CYZX", "X-GAS", "X-INS", "SJ-JW2"):
        with pytest.raises(Refused, match="no_authority"):
            authority.require(district.units_by_code[code], "enforce")


def test_a_refusal_names_the_row_who_may_and_on_what_basis(district):
    sijing = district.units_by_code["310117102"]
    with pytest.raises(Refused) as refused:
        authority.require(sijing, "enforce")
    told = str(refused.value.detail)
    assert told.startswith("泗泾镇无权行政执法，只可：报告、先期处置、劝阻、配合（《安全生产法》第九条")
    assert "行业主管部门（《安全生产法》第六十五条" in told
    with translation.override("en"), pytest.raises(Refused) as refused:
        authority.require(sijing, "enforce")
    assert "Work Safety Law art. 9" in str(refused.value.detail)


@pytest.mark.parametrize("power", Power.values)
def test_every_power_is_somebodys_and_asking_never_fails_otherwise(district, power):
    assert any(power in row.verbs for row in district.authorities)
    for unit in district.units.values():
        try:
            authority.require(unit, power, district)
        except Refused as refused:
            assert str(refused.detail)


def test_a_street_cannot_be_made_lead_of_work_that_needs_enforcement(district):
    crane = district.categories["WS-CRANE"]
    with pytest.raises(Refused, match="no_authority"):
        authority.require_lead(district.units_by_code["310117102"], crane)
    authority.require_lead(district.units_by_code["SJ-JGW"], crane)


def test_every_lead_of_the_matrix_in_force_has_the_powers_its_work_needs(district):
    for category in district.categories.values():
        for row in district.book.rows(category):
            if row.role == "lead" and row.unit_id:
                authority.require_lead(district.units[row.unit_id], category, district)


def test_a_unit_gains_a_power_with_a_function_and_loses_it_with_the_row(district):
    unit = Unit.objects.get(code="310117102")
    unit.functions = [*unit.functions, "enforcement"]
    unit.save()
    authority.require(directory.current().units_by_code["310117102"], "enforce")
    Authority.objects.filter(function="enforcement").delete()
    with pytest.raises(Refused):
        authority.require(directory.current().units_by_code["310117102"], "enforce")


@pytest.mark.parametrize(
    "change",
    [{"kind": "", "function": ""}, {"function": "enforcement"}, {"basis": ""}, {"verbs": []}, {"verbs": ["conquer"]}],
)
def test_the_database_refuses_a_row_that_says_nothing_or_nonsense(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Authority.objects.filter(kind="street").update(**change)


def test_a_file_with_an_unknown_power_is_refused():
    data = loading.read(settings.DISTRICT_FILE)
    for spoil in (
        lambda d: d["authority"][0].update(verbs=["conquer"]),
        lambda d: d["categories"][0].update(lead_needs=["conquer"]),
        lambda d: d["authority"][0].pop("basis"),
    ):
        spoilt = copy.deepcopy(data)
        spoil(spoilt)
        with pytest.raises(loading.BadDistrictFile):
            loading.load(spoilt)
