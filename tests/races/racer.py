"""A process of the races: reads one job a line, waits for the agreed instant, does it and answers in one line.

It knocks on the real doors: a request goes through every middleware down to the database, on a connection of its own.
"""

import contextlib
import json
import sys
import time
import traceback
from datetime import datetime

import django

HOST = "localhost"
# The last moment is waited out awake, because a sleeper wakes late.
BUSY_SECONDS = 0.02


def main() -> None:
    """Serve until the parent closes the pipe."""
    django.setup()
    from django.conf import settings
    from django.db import close_old_connections, connection

    from responsibility import directory

    # Pages are asked for, but nothing has been collected for them.
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    directory.current()
    # What the first request of a process loads is not part of any race.
    request("/api/v1/cases/", method="GET")
    _say({"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        _wait(job["at"])
        try:
            answer = DOES[job["do"]](**job["given"])
        except Exception:
            answer = {"broken": traceback.format_exc()}
        with contextlib.suppress(Exception), connection.cursor() as cursor:
            # Deadlocks are counted by the server when a session is idle, which may be long after.
            cursor.execute("SELECT pg_stat_force_next_flush()")
        close_old_connections()
        _say(answer)


def _say(answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _wait(instant: float) -> None:
    """Until ``instant`` of the clock that all processes of a machine share."""
    time.sleep(max(0.0, instant - time.monotonic() - BUSY_SECONDS))
    while time.monotonic() < instant:
        pass


def request(
    path: str,
    *,
    method: str = "POST",
    auth: str = "",
    cookie: str = "",
    body: object = None,
    form: dict | None = None,
    photo: int | None = None,
) -> dict:
    """``{"status", "body", "trace"}`` of one request: JSON ``body``, or a ``form``, or a ``photo`` of that colour."""
    from django.test import Client

    client = Client(raise_request_exception=False, headers={"Host": HOST, "Authorization": auth})
    client.cookies["sessionid"] = cookie
    if photo is not None:
        from tests.cases.conftest import picture

        form = {"file": picture(photo)}
    if form is not None:
        response = client.post(path, form)
    else:
        response = client.generic(method, path, json.dumps(body or {}), content_type="application/json")
    trace = "".join(traceback.format_exception(*response.exc_info)) if response.exc_info else ""
    try:
        answer = json.loads(b"".join(response))
    except ValueError:
        answer = None
    return {"status": response.status_code, "body": answer, "trace": trace}


def requests(several: list[dict]) -> list[dict]:
    """``request`` one after the other."""
    return [request(**one) for one in several]


def sweep(when: str, batch: int = 500) -> dict:
    """One sweep as if it were ``when``, claiming ``batch`` deadlines at a time; its report."""
    from cases import sweeping
    from responsibility import clock

    with clock.as_if(datetime.fromisoformat(when)):
        return vars(sweeping.sweep(batch))


def drill(when: str) -> None:
    """One tick of the drills as if it were ``when``."""
    from cases import drills
    from responsibility import clock

    with clock.as_if(datetime.fromisoformat(when)):
        drills.tick()


def load(**given) -> dict:
    """See ``tests/races/load.py``."""
    from tests.races import load

    return load.run(**given)


DOES = {"request": request, "requests": requests, "sweep": sweep, "drill": drill, "load": load}

if __name__ == "__main__":
    main()
