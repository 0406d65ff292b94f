"""A draft of a handbook, and the people who take it along."""

import pytest

from handbook import versions
from handbook.wording import Wish

H2S = "LL-CONF-H2S"


@pytest.fixture
def drafted(people):
    """The second version of the H2S handbook, begun by the water bureau from the first."""
    return versions.draft(H2S, by=people["shuiwu-head"])


@pytest.fixture
def put(people, drafted):
    """Write a step into the draft: ``put("通风", minutes=20, instead_of=…)``."""

    def write(text, instead_of=None, **said):
        return versions.put(drafted.pk, Wish(text=text, **said), by=people["shuiwu-head"], instead_of=instead_of)

    return write


@pytest.fixture
def publish(people, drafted):
    """Take the draft all the way."""

    def run(at=None):
        versions.submit(drafted.pk, by=people["shuiwu-head"])
        return versions.publish(drafted.pk, by=people["anwei-office"], at=at)

    return run


@pytest.fixture
def as_(client, people):
    """The test client signed in as somebody."""

    def sign(name):
        client.force_login(people[name])
        return client

    return sign
