"""Two desks, two processes, one dispute: one decision stands, and the other desk is told so."""

import pytest

from cases import audit, requests
from cases.models import Case, Request
from responsibility import checks, clock, directory, editions
from responsibility.editions import Row
from responsibility.models import Role, Unit, User
from tests.cases.conftest import hold
from tests.races.conftest import told

pytestmark = pytest.mark.race
ROUNDS = 6
HERE = {"lat": 31.1144, "lon": 121.2683}
# What each of the two may say of one dispute: this unit, that unit, or no.
SAID = [("SJ-HJ", "SJ-YJ"), ("SJ-HJ", None), ("SJ-HJ", "SJ-HJ")]


@pytest.fixture
def colleague(people):
    """A second person at the district emergency office, for this test only."""
    from responsibility.models import Post

    person = User.objects.create(username="yingji-second", full_name="第二值班")
    hold(person, Unit.objects.get(code="SJ-COMMITTEE"), Role.EMERGENCY_OFFICE)
    people[person.username] = person
    yield person
    Post.objects.filter(user=person).exists()


@pytest.fixture
def deciding(as_person):
    """The job of deciding ``asked`` as ``name``: for the unit ``code``, or that nothing changes."""

    def job(asked: Request, name: str, code: str | None) -> tuple[str, dict]:
        verb, body = ("approve", {"designate": code}) if code else ("refuse", {"answer": "维持原责任单位"})
        return "request", {"path": f"/api/v1/requests/{asked.pk}/{verb}/", "auth": as_person(name), "body": body}

    return job
