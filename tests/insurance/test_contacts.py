"""Contacts: masked, whole for a reason only, for those one has business with, and whoever looked is known."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cases import erasure
from insurance.portals import contacts
from insurance.portals.models import Contact
from insurance.service.models import ServiceOrder
from responsibility import acting, clock
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.insurance.conftest import carried_with, told

pytestmark = pytest.mark.django_db
PHONE, MASKED = "13812341234", "138****1234"


@pytest.fixture
def contact(people) -> Contact:
    return contacts.keep("周师傅", "138-1234 1234", "安全主管", by=people["enterprise"])


@pytest.mark.parametrize(("phone", "shown"), [(PHONE, MASKED), ("02157812345", "021****2345"), ("57812345", "****45")])
def test_a_number_is_masked(phone, shown):
    assert contacts.masked(phone) == shown


def test_whoever_has_a_policy_or_an_order_with_the_unit_sees_it_masked_and_nobody_else(
    contact, policy, order, client, people
):
    page = "/insurance/contacts/"
    for who in ("insurer", "insurer-b", "broker", "firm", "firm-b"):
        client.force_login(people[who])
        assert "周师傅" not in client.get(page).text
    policy()
    order()
    for who, sees in {"insurer": 1, "broker": 1, "firm": 1, "insurer-b": 0, "firm-b": 0}.items():
        client.force_login(people[who])
        text = client.get(page).text
        assert (text.count(MASKED), PHONE in text) == (sees, False), who
        assert len(client.get("/api/v1/insurance/contacts/").json()["others"]) == sees
    for who in ("sijing-head", "anwei-office", "auditor", "admin"):
        client.force_login(people[who])
        assert client.get(page).status_code == 403


def test_looking_needs_a_reason_is_told_and_the_other_unit_sees_who_looked(contact, policy, client, people):
    policy()
    client.force_login(people["insurer"])
    address = f"/insurance/contacts/{contact.pk}/unmask/"
    refused = client.post(address, {"reason": " "})
    assert (refused.status_code, PHONE in refused.text) == (400, False)
    page = client.post(address, {"reason": "理赔约勘"})
    assert PHONE in page.text
    assert "no-store" in page["Cache-Control"]
    assert PHONE not in client.get("/insurance/contacts/").text
    entry = LedgerEntry.objects.get(chain=contact.chain, verb="contact.unmask")
    assert (entry.note, entry.actor) == ("理赔约勘", people["insurer"])
    client.force_login(people["enterprise"])
    assert "理赔约勘" in client.get("/insurance/contacts/").text


def test_the_ledger_holds_neither_name_nor_number(contact, policy, people):
    policy()
    contacts.unmask(contact.pk, "约勘", by=people["insurer"])
    contacts.remove(contact.pk, by=people["enterprise"])
    for entry in LedgerEntry.objects.filter(chain=contact.chain):
        assert not {"周师傅", PHONE} & {*map(str, vars(entry).values())}
        assert PHONE not in str((entry.before, entry.after))


def test_nobody_looks_once_the_policy_is_over_or_the_order_has_ended(contact, policy, order, people):
    now = clock.now()
    policy(starts_at=now - timedelta(days=20), ends_at=now - timedelta(days=1))
    given = order(policy=None)
    for who in ("insurer", "firm"):
        contacts.unmask(contact.pk, "约时间", by=people[who])
    ServiceOrder.objects.filter(pk=given.pk).update(state="done", ended_at=now)
    told(given, "order.done", given.number)
    for who in ("insurer", "firm", "broker", "anwei-office"):
        with pytest.raises(Forbidden):
            contacts.unmask(contact.pk, "约时间", by=people[who])


def test_a_co_insurer_looks_as_well(contact, policy, people):
    shared = policy()
    with pytest.raises(Forbidden):
        contacts.unmask(contact.pk, "共保", by=people["insurer-b"])
    carried_with(shared, "X-INS-B", 40)
    assert contacts.unmask(contact.pk, "共保", by=people["insurer-b"]).phone == PHONE


def test_neighbours_are_told_that_there_is_no_such_contact(contact, policy, client, people):
    policy()
    client.force_login(people["insurer-b"])
    for address in (f"{contact.pk}/unmask/", f"{contact.pk}/remove/", f"{2**70}/unmask/"):
        assert client.post(f"/insurance/contacts/{address}", {"reason": "试"}).status_code == 404
        assert client.post(f"/api/v1/insurance/contacts/{address}", {"reason": "试"}).status_code == 404
    client.force_login(people["insurer"])
    assert client.post(f"/insurance/contacts/{contact.pk}/remove/").status_code == 403
    api = client.post(f"/api/v1/insurance/contacts/{contact.pk}/unmask/", {"reason": "约勘"}, "application/json")
    assert (api.status_code, api.json()["phone"]) == (200, PHONE)


def test_a_removed_contact_is_forgotten_and_rows_do_not_change_without_an_entry(contact, people):
    contacts.remove(contact.pk, by=people["enterprise"])
    contacts.remove(contact.pk, by=people["enterprise"])
    contact.refresh_from_db()
    assert (contact.name, contact.phone) == ("", "")
    assert contacts.own(acting.of(people["enterprise"])).count() == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(phone=PHONE)
    with pytest.raises(IntegrityError), transaction.atomic():
        contact.delete()


@pytest.mark.django_db(transaction=True)
def test_an_erasure_empties_a_contact_without_an_entry_on_its_chain(contact, people):
    before = LedgerEntry.objects.filter(chain=contact.chain).count()
    erasure.erase(erasure.Person("周师傅", PHONE), basis="purpose", reason="依申请", by=people["anwei-office"])
    contact.refresh_from_db()
    assert "周师傅" not in contact.name
    assert PHONE not in contact.phone
    assert LedgerEntry.objects.filter(chain=contact.chain).count() == before


@pytest.mark.parametrize("phone", ["", "1", "1381234", "１３８１２３４１２３４", "1e10", "-1", "x" * 400, "\x00", "０"])
def test_what_is_no_number_is_refused(phone, people, client):
    with pytest.raises(Invalid):
        contacts.keep("周", phone, "", by=people["enterprise"])
    client.force_login(people["enterprise"])
    assert client.post("/insurance/contacts/new/", {"name": "周", "phone": phone}).status_code == 400


def test_a_unit_keeps_twenty_at_most_and_officials_none(people):
    for _number in range(contacts.MOST):
        contacts.keep("周", PHONE, "", by=people["firm"])
    with pytest.raises(Refused):
        contacts.keep("周", PHONE, "", by=people["firm"])
    with pytest.raises(Forbidden):
        contacts.keep("周", PHONE, "", by=people["anwei-office"])
