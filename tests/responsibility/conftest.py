"""A draft of the matrix, and people who look at it and change it."""

import pytest

from responsibility import checks, clock, directory, editions


@pytest.fixture
def drafted(people):
    """A draft that begins as a copy of what is in force."""
    return editions.draft(by=people["anwei-office"], title="第二版", document="松安委〔2026〕9号")


@pytest.fixture
def put(people, drafted):
    """Write rows into the draft."""

    def write(*rows, instead_of=()):
        return editions.put(drafted.pk, list(rows), by=people["anwei-office"], instead_of=instead_of)

    return write


@pytest.fixture
def as_(client, people):
    """The test client signed in as somebody: ``as_("shuiwu-head").get(...)``."""

    def sign(name):
        client.force_login(people[name])
        return client

    return sign


@pytest.fixture
def publish(people, drafted):
    """Take the draft all the way."""

    def run(at=None):
        editions.send(drafted.pk, by=people["anwei-office"])
        editions.approve(drafted.pk, by=people["yingji-office"])
        gaps = [gap.key for gap in checks.gaps(drafted.duties.all(), directory.current(), clock.now())]
        return editions.publish(drafted.pk, by=people["anwei-office"], at=at, accepted_gaps=gaps)

    return run
