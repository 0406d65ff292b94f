"""Typed readers for the environment; a wrong value stops the start with a sentence."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured


def _refuse(name: str, value: str, wanted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}={value!r} 无效 / is not valid: {wanted}")


def text(name: str, default: str = "") -> str:
    """The variable as it stands, or ``default`` when unset or empty."""
    return os.environ.get(name) or default


def boolean(name: str, default: bool) -> bool:
    """1/0, true/false, yes/no, on/off in any case; anything else is refused."""
    value = text(name)
    if not value:
        return default
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    try:
        return words[value.lower()]
    except KeyError:
        raise _refuse(name, value, "1 or 0") from None


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number within ``low..high``, both included."""
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise _refuse(name, value, f"a whole number from {low} to {high}")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default


def folder(name: str, default: Path) -> Path:
    """An absolute folder, made if it is not there yet."""
    value = text(name)
    path = Path(value).absolute() if value else default
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refuse(name, str(path), f"a folder that can be made ({error.strerror})") from None
    return path


def file(name: str, default: Path) -> Path:
    """An absolute file that can be read."""
    value = text(name)
    path = Path(value).absolute() if value else default
    if not path.is_file() or not os.access(path, os.R_OK):
        raise _refuse(name, str(path), "a file that can be read")
    return path


def choice(name: str, default: str, choices: list[str]) -> str:
    """One of ``choices``, in any case."""
    value = text(name, default).upper()
    if value not in choices:
        raise _refuse(name, value, " or ".join(choices))
    return value


def zone(name: str, default: str) -> str:
    """The name of a time zone, such as ``Asia/Shanghai``."""
    value = text(name, default)
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refuse(name, value, "a time zone such as Asia/Shanghai") from None


def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    """A URL whose scheme is one of ``schemes``."""
    value = text(name)
    if not value:
        return default
    if urlsplit(value).scheme not in schemes:
        raise _refuse(name, value, "a URL that starts with " + " or ".join(f"{s}://" for s in schemes))
    return value


def mail(name: str) -> dict[str, Any]:
    """``{"host", "port", "user", "password", "tls", "ssl"}`` of a mail server; empty when unset.

    ``smtp://`` speaks plainly, ``smtp+tls://`` asks for STARTTLS, ``smtps://`` is encrypted from the first byte.
    """
    value = url(name, "", schemes=("smtp", "smtp+tls", "smtps"))
    if not value:
        return {}
    parts = urlsplit(value)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    try:
        port = parts.port or ports[parts.scheme]
    except ValueError:
        port = 0
    if not parts.hostname or not port:
        # The password in it is nobody's to read.
        raise _refuse(name, f"{parts.scheme}://…", "smtp+tls://user:password@host:587, its parts percent-encoded")
    return {
        "host": parts.hostname,
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "tls": parts.scheme == "smtp+tls",
        "ssl": parts.scheme == "smtps",
    }
