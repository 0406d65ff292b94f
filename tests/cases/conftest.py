"""A case to work on, and people who press its buttons."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from alerts import intake
from alerts.formats import item
from cases import actions, proof
from cases.models import Case
from resources import keeping
from responsibility import acting, clock, posts
from responsibility.models import Post, Unit, User


def picture(colour: int = 0) -> SimpleUploadedFile:
    """A small real photo; another ``colour`` is another file."""
    content = io.BytesIO()
    Image.new("RGB", (32, 24), (colour % 256, 80, 120)).save(content, "JPEG")
    return SimpleUploadedFile("photo.jpg", content.getvalue(), content_type="image/jpeg")


def hold(user: User, unit: Unit, role: str) -> Post:
    """Give ``user`` one more post."""
    with posts.accounted([user.pk], by=acting.SYSTEM):
        return Post.objects.create(user=user, unit=unit, role=role, title="兼", since=clock.now())


def leave(user: User) -> None:
    """End every post of ``user`` now."""
    with posts.accounted([user.pk], by=acting.SYSTEM):
        Post.objects.filter(user=user).update(until=clock.now())


def stand_still(resources) -> None:
    """Write down of ``resources`` that they cannot go out."""
    office = User.objects.get(username="yingji-office")
    for resource in resources:
        keeping.keep(resource.pk, by=office, ready=False)


def alert(**fields) -> dict:
    """An alert of the contract; fields given replace those of the example, ``None`` leaves one out."""
    whole = {
        "external_id": f"test-{timezone.now().timestamp()}-{id(fields)}",
        "category": "LL-CONF-H2S",
        "scenario": "drain/sewer",
        "object": "MH-SIJING-0088",
        "observed_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
        "grade": "yellow",
    }
    return {name: value for name, value in (whole | fields).items() if value is not None}


@pytest.fixture(autouse=True)
def _evidence_folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def send(source):
    """Receive alerts as the demo source; the answers."""

    def receive(*alerts):
        return intake.receive(source, list(alerts), item.read)

    return receive


@pytest.fixture
def open_case(send):
    """A new case for the manhole in the town, or for other fields."""

    def make(**fields) -> Case:
        return Case.objects.get(number=send(alert(**fields))[0].case)

    return make


@pytest.fixture
def press(people):
    """Press buttons one after the other as named people: ``press(case, "sijing-duty acknowledge", ...)``.

    ``prove`` gives a photo.
    """
    shots = iter(range(1, 10_000))

    def run(case: Case, *steps: str, **data) -> Case:
        for step in steps:
            name, verb = step.split()
            if verb == "prove":
                proof.add(case.pk, picture(next(shots)), by=people[name])
            else:
                case = actions.perform(case.pk, verb, by=people[name], data=data)
        case.refresh_from_db()
        return case

    return run


CONTAINED = ["sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "sijing-handler contain"]
REPORTED = [*CONTAINED, "sijing-handler report"]
CLOSED = [*REPORTED, "chengyun-check close"]
