"""Stock and readiness: kept by the station's own unit, never below what is out, and told by the ledger."""

import pytest
from django.db import IntegrityError, connection, transaction

from resources import keeping
from resources.models import Resource
from responsibility import ledger
from responsibility.refusals import Forbidden, Invalid, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def sand() -> Resource:
    """A counted material, of which two are out."""
    found = Resource.objects.filter(kind="material", stock__gte=10).select_related("station__unit").first()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE resources_resource SET reserved = 2 WHERE id = %s", [found.pk])
        cursor.execute("SET session_replication_role = origin")
    return found


def test_stock_and_readiness_are_written_down_with_an_entry(sand, people):
    kept = keeping.keep(sand.pk, by=people["yingji-office"], stock=7, ready=False, note="受潮")
    assert (kept.stock, kept.ready, kept.free) == (7, False, 0)
    [entry] = ledger.story(keeping.chain_of(sand.pk))
    assert (entry.before["stock"], entry.after, entry.note) == (sand.stock, {"stock": 7, "ready": False}, "受潮")
    keeping.keep(sand.pk, by=people["yingji-office"], stock=7)
    assert ledger.story(keeping.chain_of(sand.pk)).count() == 1


@pytest.mark.parametrize(
    ("wrong", "error", "code"),
    [({"stock": 1}, Refused, "promised"), ({"stock": -1}, Invalid, "bad_number"),
     ({"stock": True}, Invalid, "bad_number"),
     ({"stock": 10**7}, Invalid, "bad_number"), ({"ready": False, "note": "\x00"}, Invalid, "bad_character"),
     ({"ready": False, "note": "x" * 201}, Invalid, "too_long")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(sand, people, wrong, error, code):
    with pytest.raises(error) as refused:
        keeping.keep(sand.pk, by=people["yingji-office"], **wrong)
    assert refused.value.code == code
    assert not ledger.story(keeping.chain_of(sand.pk)).exists()


def test_nobody_keeps_the_stock_of_another_unit(sand, people):
    for name in ("jiuting-duty", "auditor", "insurer"):
        with pytest.raises(Forbidden):
            keeping.keep(sand.pk, by=people[name], stock=5)


def test_the_database_refuses_a_change_without_an_entry(sand):
    with transaction.atomic():
        Resource.objects.filter(pk=sand.pk).update(ready=False)
        with pytest.raises(IntegrityError) as refused:
            connection.check_constraints()
        transaction.set_rollback(True)
    assert refused.value.__cause__.diag.constraint_name == "resource_kept"


def test_the_page_offers_the_form_to_the_keeper_and_keeps_what_was_typed(sand, client, people):
    client.force_login(people["yingji-office"])
    at = f"/resources/{sand.pk}/"
    assert at in client.get("/resources/").content.decode()
    refused = client.post(at, {"stock": "1", "note": "清点"})
    assert refused.status_code == 409
    assert "清点" in refused.content.decode()
    assert client.post(at, {"stock": "abc"}).status_code == 400
    assert client.post(at, {"stock": "9", "ready": "yes"}).status_code == 303
    assert Resource.objects.get(pk=sand.pk).stock == 9
    client.force_login(people["auditor"])
    assert at not in client.get("/resources/").content.decode()
    api = client.post(f"/api/v1/resources/{sand.code}/keep/", {"stock": 8}, "application/json")
    assert api.status_code == 403
