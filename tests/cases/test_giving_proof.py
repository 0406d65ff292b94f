"""What is said of a proof is believed only where it can be true."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from cases import proof
from cases.models import Evidence
from responsibility import ledger
from responsibility.refusals import Invalid
from tests.cases.conftest import CONTAINED, picture
from tests.cases.test_evidence_files import HEIC, PDF, VIDEO, exif
from tests.cases.test_evidence_files import picture as photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_site(open_case, press):
    """A case that waits for its proof."""
    return press(open_case(), *CONTAINED[:2])


@pytest.fixture
def give(on_site, people):
    """The handler gives a file to the case on site."""

    def run(body: bytes | None = None, name: str = "photo.jpg", **told) -> Evidence:
        upload = SimpleUploadedFile(name, body) if body is not None else picture()
        return proof.add(on_site.pk, upload, by=people["sijing-handler"], **told)

    return run


@pytest.mark.parametrize(
    ("taken", "offset"),
    [
        ("9999:12:31 23:59:59", "+00:00"),
        ("1970:01:01 00:00:00", "+08:00"),
        ("1999:12:31 23:00:00", "+00:00"),
        ("2050:01:01 00:00:00", "+08:00"),
    ],
)
def test_a_camera_whose_clock_is_wrong_costs_the_time_and_not_the_proof(give, on_site, client, people, taken, offset):
    kept = give(photo(exif=exif(taken=taken, offset=offset)))
    assert kept.taken_at is None
    assert kept.lat == pytest.approx(31.1144)
    client.force_login(people["sijing-duty"])
    assert client.get(f"/cases/{on_site.number}/").status_code == 200


@pytest.mark.parametrize(
    "taken_at",
    [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(1999, 12, 31, tzinfo=UTC),
        timezone.now() + timedelta(hours=6),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_a_stated_time_that_cannot_be_true_is_refused(give, on_site, taken_at):
    with pytest.raises(Invalid) as refused:
        give(taken_at=taken_at)
    assert (refused.value.code, refused.value.attr) == ("bad_time", "taken_at")
    assert not Evidence.objects.filter(case=on_site).exists()
    assert not ledger.story(on_site.chain).filter(verb="evidence.add").exists()


def test_a_clock_a_little_fast_is_believed(give):
    taken_at = timezone.now() + timedelta(minutes=3)
    assert give(taken_at=taken_at).taken_at == taken_at


@pytest.mark.parametrize("taken_at", ["0001-01-01T00:00:00Z", "2050-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_api_refuses_it_in_words(on_site, client, people, taken_at):
    client.force_login(people["sijing-handler"])
    answer = client.post(f"/api/v1/cases/{on_site.number}/evidence/", {"file": picture(), "taken_at": taken_at})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "taken_at")


def test_a_time_that_no_calendar_of_the_reader_holds_does_not_break_the_page(on_site, give, client, people):
    old = give()
    old.pk, old.kind, old.taken_at = None, "document", datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    old.save(force_insert=True)
    client.force_login(people["sijing-duty"])
    assert client.get(f"/cases/{on_site.number}/").status_code == 200


@pytest.mark.parametrize(
    ("kind", "body", "taken"),
    [
        ("photo", photo(), True),
        ("photo", HEIC, True),
        ("photo", PDF, False),
        ("photo", VIDEO, False),
        ("video", VIDEO, True),
        ("video", photo(), False),
        ("document", PDF, True),
        ("document", photo("PNG"), True),
        ("document", VIDEO, False),
        ("reading", photo(), True),
        ("reading", PDF, True),
        ("reading", VIDEO, False),
    ],
)
def test_a_file_is_taken_as_a_proof_of_its_own_kind_only(give, on_site, kind, body, taken):
    if taken:
        assert give(body, kind=kind).kind == kind
        return
    with pytest.raises(Invalid) as refused:
        give(body, kind=kind)
    assert (refused.value.code, refused.value.attr) == ("file_kind", "file")
    assert not Evidence.objects.filter(case=on_site).exists()


def test_a_file_is_handed_out_under_the_ending_of_what_it_is(give, client, people):
    kept = give(PDF, name="方案 plan.html", kind="document")
    client.force_login(people["auditor"])
    for address in (f"/evidence/{kept.pk}/", f"/evidence/{kept.pk}/original/"):
        told = client.get(address)["Content-Disposition"]
        assert "plan.pdf" in told
        assert "html" not in told
    assert kept.original_name == "方案 plan.html"


@pytest.fixture
def swapped(give, settings):
    """A proof whose original was replaced on disk."""
    kept = give()
    (settings.EVIDENCE_ROOT / kept.path).write_bytes(photo())
    return kept


def test_an_original_that_was_replaced_on_disk_is_not_shown_as_proof(swapped, client, people):
    client.force_login(people["auditor"])
    answer = client.get(f"/evidence/{swapped.pk}/original/")
    assert answer.status_code == 409
    assert swapped.sha256 in answer.content.decode()


def test_an_original_as_received_is_shown_byte_for_byte(give, client, people):
    body = photo(exif=exif())
    kept = give(body)
    client.force_login(people["auditor"])
    assert b"".join(client.get(f"/evidence/{kept.pk}/original/").streaming_content) == body


def test_the_command_reads_every_original_and_names_the_case_of_a_swapped_or_missing_one(
    swapped, give, settings, on_site
):
    gone = give(photo("PNG"))
    (settings.EVIDENCE_ROOT / gone.path).unlink()
    for only in ({}, {"case": on_site.number}):
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("verify_ledger", stdout=out, **only)
        assert f"differs: {on_site.number} · original" in out.getvalue()
        assert f"gone: {on_site.number} · original" in out.getvalue()
        assert "originals: 2/2" in out.getvalue()
    call_command("verify_ledger", "--skip-files", stdout=io.StringIO())
