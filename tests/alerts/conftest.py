"""The doors of sub-platforms as a sub-platform knocks on them."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.models import Alert, Reading
from cases.models import Case
from responsibility import looking
from responsibility.models import LedgerEntry


@pytest.fixture
def knock(client, key):
    """Post a body (bytes and texts as they are, all else as JSON) with the demo source's key."""

    def send(body, *, door="alerts/", content_type="application/json", bearer=None, **headers):
        if not isinstance(body, bytes | str):
            body = json.dumps(body)
        signed = {"Authorization": f"Bearer {bearer or key}"} | {n.replace("_", "-"): v for n, v in headers.items()}
        return client.post(f"/api/v1/{door}", body, content_type=content_type, headers=signed)

    return send


@pytest.fixture
def written():
    """How many rows of work there are."""

    def count() -> dict[str, int]:
        # That somebody was refused, or was given a token, is not work.
        work = LedgerEntry.objects.exclude(verb__in=looking.VERBS).exclude(subject_type="responsibility_token")
        made = {model.__name__: model.objects.count() for model in (Alert, Reading, Case)}
        return made | {"LedgerEntry": work.count()}

    return count


@pytest.fixture
def item():
    """An alert that would be taken; fields given replace its own, ``None`` leaves one out."""
    numbers = iter(range(10**6))

    def make(**fields) -> dict:
        whole = {
            "external_id": f"i-{next(numbers)}",
            "category": "LL-CONF-H2S",
            "object": "MH-SIJING-0088",
            "observed_at": (timezone.now() - timedelta(minutes=1)).isoformat(),
            "grade": "yellow",
        }
        return {name: value for name, value in (whole | fields).items() if value is not None}

    return make
