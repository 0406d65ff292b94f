"""The ways out of the house: e-mail, and through Apprise everything else. No database is asked here.

Unless ``NOTICES_SEND`` is on, nothing leaves: what would have been sent is written to a file of this installation.
"""

import json
from functools import cache

import apprise
from django.conf import settings
from django.core.mail import EmailMessage

MAIL = "mail"
# A gateway that does not answer is left; seconds.
CONNECT_SECONDS, READ_SECONDS = 4, 8


class NotSent(Exception):
    """The other side did not take it. The text names the kind of failure and never the address."""


@cache
def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(app_id="Bihuan", app_desc="Bihuan", async_mode=False, secure_logging=True)


def plugin(url: str) -> apprise.NotifyBase | None:
    """What speaks to ``url``; ``None`` where nothing does. Certificates are checked and waiting is bounded."""
    found = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if not isinstance(found, apprise.NotifyBase):
        return None
    found.verify_certificate = True
    found.socket_connect_timeout, found.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    return found


def send(kind: str, url: str, label: str, subject: str, body: str, key: str) -> None:
    """Send one message; ``NotSent`` when it was not taken. ``key`` is the same for each attempt."""
    if not settings.NOTICES_SEND:
        _write_down({"to": label, "kind": kind, "subject": subject, "body": body, "key": key})
    elif kind == MAIL:
        _mail(url, subject, body, key)
    else:
        _apprise(url, subject, body)


def _mail(address: str, subject: str, body: str, key: str) -> None:
    host = settings.EMAIL_FROM.rpartition("@")[2].strip(">") or "localhost"
    headers = {"Message-ID": f"<{key}@{host}>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(subject, body, settings.EMAIL_FROM, [address], headers=headers).send()
    except Exception as error:
        raise NotSent(type(error).__name__) from None


def _apprise(url: str, subject: str, body: str) -> None:
    try:
        speaker = plugin(url)
        taken = speaker is not None and speaker.notify(body=body, title=subject)
    except Exception as error:
        raise NotSent(type(error).__name__) from None
    if not taken:
        raise NotSent("refused")


def _write_down(told: dict) -> None:
    with settings.NOTICES_FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
