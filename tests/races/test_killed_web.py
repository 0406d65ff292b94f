"""The web process dies under load, or the database drops it: what was answered is on disk, the rest is sent again."""

import http.client
import json
import threading
import time
import uuid

import pytest

from alerts.models import Alert
from cases.models import Case, Deadline, Party
from responsibility.models import LedgerEntry
from tests.cases.conftest import alert
from tests.races.conftest import PATIENCE

pytestmark = pytest.mark.race

SENDERS, LOAD_SECONDS = 4, 1.5
HERE = {"lat": 31.1144, "lon": 121.2683}


class Platform(threading.Thread):
    """A sub-platform that sends one batch after the other until nobody answers any more."""

    def __init__(self, port: int, key: str, number: int):
        super().__init__(daemon=True)
        self.port, self.number = port, number
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.sent: list[dict] = []
        self.answered: dict[str, dict] = {}
        self.refused: list = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for turn in range(10_000):
            # All platforms speak of the same few objects.
            batch = [
                alert(external_id=f"w-{self.number}-{turn}-{n}", object=f"W-{(turn + n) % 12}", location=HERE)
                for n in range(1 + turn % 7)
            ]
            self.sent += batch
            try:
                status, results = post(connection, self.headers, batch)
            except (OSError, http.client.HTTPException):
                return
            if status != 200:
                self.refused.append(results)
                continue
            self.answered |= {result["external_id"]: result for result in results}


def post(connection: http.client.HTTPConnection, headers: dict, batch: list[dict]) -> tuple[int, list[dict]]:
    """Send a batch; status and results (or errors)."""
    connection.request("POST", "/api/v1/alerts/", json.dumps(batch), headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    return answer.status, body.get("results") or body["errors"]


def test_alerts_answered_before_the_web_process_was_killed_are_on_disk_and_sent_again_are_duplicates(serve, key):
    web, port = serve()
    platforms = [Platform(port, key, number) for number in range(SENDERS)]
    for platform in platforms:
        platform.start()
    time.sleep(LOAD_SECONDS)
    web.process.kill()
    for platform in platforms:
        platform.join(PATIENCE)
        assert platform.refused == []
    answered = {name: result for platform in platforms for name, result in platform.answered.items()}
    sent = [item for platform in platforms for item in platform.sent]
    assert 0 < len(answered) < len(sent), "it was not killed under load"
    stored = {row.external_id: row for row in Alert.objects.all()}
    for name, result in answered.items():
        assert (str(stored[name].pk), stored[name].case_number) == (result["alert"], result["case"])

    serve(port)
    again = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    results = []
    for start in range(0, len(sent), 500):
        status, part = post(again, platforms[0].headers, sent[start : start + 500])
        assert status == 200, part
        results += part
    for result in results:
        if before := answered.get(result["external_id"]):
            assert result == before | {"outcome": "duplicate"}
    assert Alert.objects.count() == len(sent)
    cases = Case.objects.all()
    assert len(cases) == len({case.object_code for case in cases}) == 12
    assert sum(case.alert_count for case in cases) == len(sent)


def test_a_connection_cut_in_the_middle_of_a_batch_leaves_nothing_and_the_batch_can_be_sent_again(serve, key, gate):
    _web, port = serve()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    batch = [alert(external_id=f"cut-{uuid.uuid4()}", object=f"CUT-{n}", location=HERE) for n in range(50)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v1/alerts/", json.dumps(batch[:1]), headers)
    assert connection.getresponse().read()
    # The cases have been written, the alerts not yet.
    with gate("LOCK TABLE alerts_alert IN SHARE MODE") as held:
        connection.request("POST", "/api/v1/alerts/", json.dumps(batch), headers)
        [server_process] = held.held_up(1)
        held.observer.execute("SELECT pg_terminate_backend(%s)", [server_process])
        answer = connection.getresponse()
        body = json.loads(answer.read())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert body["errors"][0]["code"] == "unavailable"
    assert [model.objects.count() for model in (Case, Alert)] == [1, 1]
    assert LedgerEntry.objects.exclude(subject_type="post").exclude(verb__startswith="row.").count() == 1
    assert (
        set(Party.objects.values_list("case"))
        == set(Deadline.objects.values_list("case"))
        == {(Case.objects.get().pk,)}
    )
    status, results = post(connection, headers, batch)
    assert status == 200
    assert [result["outcome"] for result in results] == ["duplicate", *["opened"] * 49]
