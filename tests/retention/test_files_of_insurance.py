"""Photos of visits, proofs and papers of claims go years after the end; digests stay, and checks say when."""

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from alerts.models import RiskObject
from cases import originals
from insurance.claims import handling, noticing
from insurance.claims import keeping as of_claims
from insurance.findings import keeping as of_findings
from insurance.findings import telling, working
from insurance.findings.models import Finding
from insurance.service import account, ordering, visiting
from insurance.service import keeping as of_service
from insurance.service.models import Photo, RemovedFile, SentPhoto
from notary import checkpoints
from responsibility import acting, clock, ledger
from responsibility.models import LedgerEntry
from responsibility.refusals import Invalid
from retention import audit, holds, papers, periods, running
from tests.cases.conftest import CLOSED, picture
from tests.insurance.claiming import cover, noticed
from tests.insurance.conftest import policy  # noqa: F401
from tests.insurance.test_orders import agreed, ask, firms  # noqa: F401
from tests.insurance.test_visits import written
from tests.responsibility.test_ledger import behind_the_triggers
from tests.retention.test_files_of_proof import later, verify_ledger

pytestmark = pytest.mark.django_db
MANHOLE = "MH-SIJING-0088"
FIVE, TEN = 6 * 366, 12 * 366


def run(days: float = FIVE):
    with later(days):
        return running.run()


@pytest.fixture(autouse=True)
def _periods(people):
    periods.put("prevention", 1827, "档案到期", by=people["anwei-office"])
    periods.put("claims", 3653, "档案到期", by=people["anwei-office"])


@pytest.fixture
def visited(policy, firms, people):  # noqa: F811
    """An order whose visit was recorded with two photos, one that was left out besides."""
    given = ordering.give(ask(policy(), risk_object=RiskObject.objects.get(code=MANHOLE)), by=people["insurer"])
    order = agreed(given, people)
    name, by = uuid4(), people["firm"]
    sent = [visiting.receive(order.pk, name, picture(n), by=by).sha256 for n in (1, 2, 3)]
    photos = [{"sha256": sha256} for sha256 in sent[:2]]
    visiting.record(order.pk, written(name, photos=photos), by=by)
    order.refresh_from_db()
    return order


@pytest.fixture
def filed(visited, people):
    """Signed by both, so filed."""
    visiting.confirm(visited.pk, "属实", by=people["enterprise"])
    visited.refresh_from_db()
    return visited


@pytest.fixture
def claim(policy, open_case, press, people):  # noqa: F811
    """A refused claim with a paper, of a case that was closed."""
    case, of = open_case(), policy("P-2")
    cover(case, of)
    made = noticed(case, of, people)
    noticing.give(made.pk, picture(9), by=people["enterprise"])
    handling.refuse(made.pk, "除外责任", by=people["insurer"])
    press(case, *CLOSED)
    return made


def places(rows, root) -> list:
    return [root() / row.path for row in rows]


def test_of_a_visit_only_the_files_go_after_five_years_and_every_check_says_when(filed, client, people):
    found = places(SentPhoto.objects.all(), of_service.root)
    assert len(found) == 3
    assert all(place.is_file() for place in found)
    assert run(1826)["prevention"] == 0
    # Five rows name three files.
    assert run()["prevention"] == 5
    assert not any(place.exists() for place in found)
    assert Photo.objects.count() == 2
    entries = LedgerEntry.objects.filter(chain=filed.chain, verb="file.remove")
    assert entries.count() == 5
    told = LedgerEntry.objects.get(verb="retention.run", after__has_key="prevention").after
    assert (told["prevention"], len(told["sha256 files of prevention"])) == (5, 64)
    assert list(audit.mismatches()) == []
    checkpoints.make()
    assert "removed under retention on" in verify_ledger()
    client.force_login(people["enterprise"])
    photo = Photo.objects.first()
    for path in ("", "thumb/"):
        answer = client.get(f"/insurance/photos/{photo.pk}/{path}")
        assert answer.status_code == 410
        assert photo.sha256 in answer.text
    assert run()["prevention"] == 0


def test_a_file_that_is_gone_without_an_entry_is_a_fault(filed):
    checkpoints.make()
    verify_ledger()
    places(Photo.objects.all(), of_service.root)[0].unlink()
    with pytest.raises(CommandError):
        verify_ledger()


def test_an_altered_paper_is_a_fault(claim):
    (place,) = places(claim.papers.all(), of_claims.root)
    place.chmod(0o600)
    place.write_bytes(b"other")
    checkpoints.make()
    with pytest.raises(CommandError):
        verify_ledger()


def test_a_row_that_says_gone_without_an_entry_is_found_and_the_other_way_round(filed):
    photo = Photo.objects.first()
    behind_the_triggers(
        "INSERT INTO service_removedfile (kind, row_id, sha256, chain, at) VALUES ('service_photo', %s, %s, %s, now())",
        photo.pk, photo.sha256, filed.chain,
    )  # fmt: skip
    assert {(one.kind, one.field) for one in audit.mismatches()} == {("silent", "file.removed")}
    behind_the_triggers("DELETE FROM service_removedfile")
    run()
    behind_the_triggers("DELETE FROM service_removedfile")
    assert {one.kind for one in audit.mismatches()} == {"gone"}


@transaction.atomic
def written_by_hand(photo: Photo, chain, number: str) -> None:
    now, after = clock.now(), {"kind": "service_photo", "row": photo.pk, "sha256": photo.sha256}
    act = ledger.Act(chain, "file.remove", "file", "x", number, after=after)
    ledger.record([act], by=acting.SYSTEM, at=now)
    RemovedFile.objects.create(kind="service_photo", row_id=photo.pk, sha256=photo.sha256, chain=chain, at=now)


def test_nobody_but_a_run_writes_that_a_file_is_gone(filed):
    photo = Photo.objects.first()
    with later(FIVE), pytest.raises(DatabaseError):
        written_by_hand(photo, filed.chain, filed.number)


def test_what_is_worked_held_or_kept_for_good_stays(visited, people):
    found = places(Photo.objects.all(), of_service.root)
    assert run()["prevention"] == 0
    visiting.confirm(visited.pk, "属实", by=people["enterprise"])
    hold = holds.lay(holds.read({"object": MANHOLE}), "诉讼", by=people["anwei-office"])
    assert run()["prevention"] == 0
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    periods.put("prevention", None, "改", by=people["anwei-office"])
    assert run()["prevention"] == 0
    assert all(place.is_file() for place in found)


def test_what_a_finding_of_the_visit_still_needs_stays(visited, people):
    visiting.confirm(visited.pk, "属实", by=people["enterprise"])
    (finding,) = telling.tell(
        [{"severity": "general", "text": "井盖松动"}], telling.Wanted(risk_object=visited.risk_object),
        by=people["enterprise"],
    )  # fmt: skip
    Finding.objects.filter(pk=finding.pk).update(order=visited)
    assert run()["prevention"] == 0


def test_a_file_that_a_voucher_still_needs_stays(filed, people, policy):  # noqa: F811
    from tests.insurance.test_account import receive

    receive(filed.policy, 100_000, people)
    account.budget(filed.policy_id, "10000", "", by=people["insurer"])
    account.spend(filed.policy_id, filed.number, "100", "V-1", picture(1), by=people["insurer"])
    run()
    there = [place for place in places(SentPhoto.objects.all(), of_service.root) if place.exists()]
    assert len(there) == 1


def test_proofs_of_a_finding_go_after_it_was_closed(visited, people):
    (finding,) = telling.tell(
        [{"severity": "general", "text": "井口无警示标志"}], telling.Wanted(order=visited), by=people["firm"]
    )
    working.rectify(finding.pk, "已补", uploads=[picture(1)], by=people["enterprise"])
    (place,) = places(finding.proofs.all(), of_findings.root)
    assert run()["prevention"] == 0
    working.recheck(finding.pk, True, by=people["sijing-duty"])
    working.close(finding.pk, by=people["sijing-duty"])
    assert run(1826)["prevention"] == 0
    assert run()["prevention"] == 1
    assert not place.exists()
    # The same picture was a photo of the visit as well, in another folder, and that stays: it is worked still.
    assert all(other.is_file() for other in places(Photo.objects.all(), of_service.root))


def test_papers_of_a_claim_go_ten_years_after_claim_and_policy_ended(claim, client, people):
    (place,) = places(claim.papers.all(), of_claims.root)
    assert run(3653 + 200)["claims"] == 0, "the policy ended 265 days later"
    assert run(3653 + 270)["claims"] == 1
    assert not place.exists()
    client.force_login(people["insurer"])
    assert client.get(f"/insurance/claims/papers/{claim.papers.get().pk}/").status_code == 410


def test_the_paper_of_a_held_case_stays(claim, people):
    holds.lay(holds.read({"case": claim.case.number}), "诉讼", by=people["anwei-office"])
    assert run(TEN)["claims"] == 0


def test_ten_years_are_the_least_for_claims(people):
    with pytest.raises(Invalid):
        periods.put("claims", 3652, "试", by=people["anwei-office"])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO retention_period (code, days, reason, at, chain, by_id)"
            " SELECT 'claims', 3652, 'x', now(), gen_random_uuid(), min(id) FROM responsibility_user"
        )


def test_what_a_killed_run_left_the_next_takes(filed, monkeypatch):
    found = places(SentPhoto.objects.all(), of_service.root)
    with monkeypatch.context() as patched:
        patched.setattr(papers, "unlink", lambda digests: None)
        assert run()["prevention"] == 5
    assert all(place.is_file() for place in found)
    assert run()["prevention"] == 0
    assert not any(place.exists() for place in found)


def test_the_command_counts_first_and_removes_then(filed, capsys):
    with later(FIVE):
        call_command("retention", "--dry-run")
        assert "prevention" in capsys.readouterr().out
        assert Photo.objects.count() == 2
        assert not RemovedFile.objects.exists()
        call_command("retention")
    assert RemovedFile.objects.count() == 5


def test_every_file_of_the_floor_is_read_by_who_verifies(filed, claim):
    checkpoints.make()
    assert list(originals.mismatches(of_service.root().parent)) == []
    for place in [*places(Photo.objects.all(), of_service.root), *places(claim.papers.all(), of_claims.root)]:
        place.unlink()
    kinds = [one.kind for one in originals.mismatches(of_service.root().parent)]
    assert len(kinds) == 2 + 2 + 1
    assert set(kinds) == {"gone"}
