"""密封导出: chosen cases, or the entries that answer a question, for the discipline body, locked and until a day.

One ZIP with one file in it, encrypted with AES-256 as WinZip set it down (AE-2): the archivers that offices have, 7-Zip
among them, open it without any software of ours, which asks no more of the recipient than a passphrase. It is drawn
here with 148 bits of chance, so that the few rounds of the format's key derivation do not matter; it is shown once and
kept nowhere. Names of files are not encrypted in a ZIP, hence the ZIP within. In that: a bundle for each case, as
``cases.bundle`` makes it, and the entries of the question with their proofs, each with the script that checks it.
"""

import hashlib
import os
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import BufferedRandom
from pathlib import Path
from typing import IO, cast

import pyzipper
from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_date
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext_lazy as _

from cases import typed
from cases.bundle import exporting
from cases.models import Case
from desk import asking, searching
from desk.models import Sealed
from desk.selection import packing
from responsibility import access, acting, chains, clock, confining, ledger, shelf
from responsibility.models import LedgerEntry, Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

MOST_CASES, MOST_ENTRIES = 20, 2_000
DAYS = 90
RECIPIENT = 200
# Without signs that are taken for each other.
SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
GROUPS, SIGNS_A_GROUP = 6, 5
INSIDE = "material.zip"


@dataclass(frozen=True)
class Order:
    """What is asked for. ``cases`` by number, ``question`` for entries; one of them is there."""

    purpose: str
    recipient: str
    until: datetime
    cases: list[Case]
    question: asking.Question | None


def order(given, known) -> Order:
    """What the fields ``purpose``, ``recipient``, ``until`` (a local day), ``cases``, ``query`` ask. ``Invalid``."""
    purpose = typed.text(given.get("purpose", ""), "purpose")
    recipient = typed.text(given.get("recipient", ""), "recipient", limit=RECIPIENT)
    cases, query = _cases(given.get("cases", "")), given.get("query", "")
    question = asking.read(asking.fields(query), known) if query else None
    if not cases and not (question and question.given):
        raise Invalid("empty", _("请填写案件编号，或先检索再导出。"), "cases")
    return Order(purpose, recipient, _until(given.get("until", "")), cases, question)


def seal(asked: Order, *, by: User) -> tuple[Sealed, str]:
    """The export, and the passphrase that opens it, which is not kept. Raises ``Forbidden``, ``Invalid``, ``Refused``.

    Each case is exported as its bundle, with the entry of that; the whole has one of its own.
    """
    _auditor(by)
    entries, passphrase = _entries(asked.question), _passphrase()
    made = Sealed(by=by, purpose=asked.purpose, recipient=asked.recipient, until=asked.until, chain=chains.dated())
    made.cases, made.entries = [case.number for case in asked.cases], len(entries)
    made.query = asked.question.query if asked.question else ""
    with _filled(place(made.pk)) as file:
        with tempfile.TemporaryFile() as inside:
            made.entries += _pack(asked.cases, entries, inside, by)
            inside.seek(0)
            _lock(inside, passphrase, file)
        made.size = file.tell()
        file.seek(0)
        made.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        _keep(made, asked, by)
    return made, passphrase


def fetch(pk, *, by: User) -> tuple[Sealed, Path]:
    """The file of an export, and an entry that ``by`` took it. ``Refused`` once it has expired."""
    with confining.lifted("sealed"), transaction.atomic():
        actor, post = _auditor(by)
        sealed = Sealed.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if sealed is None or sealed.until <= clock.now() or not place(pk).is_file():
            raise Refused("expired", _("此密封导出不存在，或已过有效期。"))
        act = ledger.Act(sealed.chain, "sealed.fetch", "sealed", str(pk), "", after={"sha256": sealed.sha256})
        ledger.record([act], by=actor, post=post)
    return sealed, place(pk)


def expired() -> list[Path]:
    """The files of exports that have expired, and what an interrupted one left."""
    kept = {f"{pk}.zip" for pk in Sealed.objects.filter(until__gt=clock.now()).values_list("pk", flat=True)}
    old = clock.now().timestamp() - timedelta(hours=1).total_seconds()
    return [path for path in settings.DESK_ROOT.glob("*.zip*") if path.name not in kept and path.stat().st_mtime < old]


def remove(files: list[Path]) -> None:
    """Remove what ``expired`` told."""
    for path in files:
        path.unlink(missing_ok=True)


def place(pk) -> Path:
    """Where the file of an export lies."""
    return settings.DESK_ROOT / f"{pk}.zip"


def _auditor(by: User) -> tuple[acting.Actor, Post]:
    actor = acting.of(by)
    post = access.post_for(actor, "desk.seal")
    if post is None:
        raise Forbidden("wrong_role", _("密封导出由审计员办理。"))
    return actor, post


def _cases(text: str) -> list[Case]:
    numbers = list(dict.fromkeys(text.replace(",", " ").replace("，", " ").replace("、", " ").split()))
    if len(numbers) > MOST_CASES:
        raise Invalid("too_many", _("一次最多导出 %(most)d 个案件。") % {"most": MOST_CASES}, "cases")
    found = {}
    for number in numbers:
        typed.text(number, "cases", limit=40)
        found[number] = Case.objects.filter(number=number).first()
        if found[number] is None:
            raise Invalid("unknown_case", _("没有编号为“%(number)s”的案件。") % {"number": number}, "cases")
    return [case for case in found.values() if case]


def _until(text: str) -> datetime:
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    today = localdate(clock.now())
    if day is None or not today <= day <= today + timedelta(days=DAYS):
        raise Invalid("bad_until", _("有效期应在今天起 %(days)d 天之内。") % {"days": DAYS}, "until")
    return make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _entries(question: asking.Question | None) -> list[LedgerEntry]:
    if question is None:
        return []
    found = searching.search(question, size=MOST_ENTRIES)
    if found.following:
        raise Invalid("too_many", _("符合条件的超过 %(most)d 条，请缩小范围。") % {"most": MOST_ENTRIES}, "query")
    rows = shelf.by_id([spot.entry for spot in found.places])
    if not rows:
        raise Invalid("nothing", _("没有符合条件的台账可以导出。"), "query")
    return sorted(rows.values(), key=lambda row: row.pk)


def _passphrase() -> str:
    return "-".join("".join(secrets.choice(SIGNS) for _sign in range(SIGNS_A_GROUP)) for _group in range(GROUPS))


@contextmanager
def _filled(path: Path) -> Iterator[BufferedRandom]:
    """A file that comes to ``path`` when all went well, and is gone otherwise."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = path.with_suffix(".zip.new")
    try:
        with os.fdopen(os.open(building, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            yield cast(BufferedRandom, file)
            file.flush()
            os.fsync(file.fileno())
        building.replace(path)
    except BaseException:
        building.unlink(missing_ok=True)
        raise


def _pack(cases: list[Case], entries: list[LedgerEntry], into: IO[bytes], by: User) -> int:
    """Write what is to be locked; how many entries of the cases are in it."""
    count = 0
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for case in cases:
            with exporting.export(case.pk, by=by) as bundle:
                archive.writestr(f"cases/{case.number}.zip", bundle.read())
            count += ledger.story(case.chain).count()
        if entries:
            packing.pack(entries, archive)
    return count


def _lock(inside: IO[bytes], passphrase: str, into: IO[bytes]) -> None:
    with pyzipper.AESZipFile(into, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(passphrase.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        with archive.open(INSIDE, "w", force_zip64=True) as target:
            while piece := inside.read(1 << 20):
                target.write(piece)


def _keep(made: Sealed, asked: Order, by: User) -> None:
    with confining.lifted("sealed"), transaction.atomic():
        actor, post = _auditor(by)
        made.at = clock.now()
        made.save(force_insert=True)
        searched = asked.question.told if asked.question else ""
        told = {
            "recipient": made.recipient, "reason": made.purpose, "until": made.until.isoformat(), "text": searched,
            "cases": made.cases, "entries": made.entries, "sha256": made.sha256, "size": made.size,
        }  # fmt: skip
        act = ledger.Act(made.chain, "sealed.seal", "sealed", str(made.pk), made.recipient[:300], after=told)
        ledger.record([act], by=actor, post=post, new_chains=True)
