"""Check every entry of the ledger, that cases, alerts, proofs and posts stand as it tells, and every original."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from alerts import audit as alerts
from cases import audit as cases
from cases import originals
from cases.models import Case
from config import progress
from notices import channels
from responsibility import ledger, posts
from responsibility.auditing import Mismatch
from responsibility.models import LedgerEntry

CHUNK = 2000
SHOWN = 20


class Command(BaseCommand):
    """Reads only. Ends with code 1 when anything does not fit."""

    help = "校验责任台账 / verify the accountability ledger; exit code 1 when something does not fit."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--chain", type=UUID, help="only this chain (UUID)")
        parser.add_argument("--skip-files", action="store_true", help="do not read the originals of the proofs")
        which.add_argument("--case", help="only the chain of this case (number)")

    def handle(self, *args, chain, case, skip_files, **options):
        """Print each fault, then one sentence."""
        if case:
            chain = Case.objects.filter(number=case).values_list("chain", flat=True).first()
            if chain is None:
                raise CommandError(f"没有案件 {case} / there is no such case.")
        entries = LedgerEntry.objects.filter(chain=chain) if chain else LedgerEntry.objects.all()
        checked = entries.count()
        if chain and not checked:
            raise CommandError(f"台账中没有闭环链 {chain} / the ledger has no such chain.")
        faults = self._report(self._entries(entries, checked)) + self._report(self._rows(chain))
        if not skip_files:
            faults += self._report(self._files(chain))
        if faults:
            raise CommandError(f"台账不一致：{checked} 条中发现 {faults} 处 / {faults} faults in {checked} entries.")
        self.stdout.write(
            f"台账完整：已校验 {checked} 条，库中数据与原件相符 / ledger intact: {checked} entries, rows agree."
        )

    def _report(self, lines: Iterable[str]) -> int:
        count = 0
        for line in lines:
            count += 1
            if count <= SHOWN:
                self.stdout.write(line)
        if count > SHOWN:
            self.stdout.write(f"  … 另有 {count - SHOWN} 处 / and {count - SHOWN} more")
        return count

    def _entries(self, entries, total: int) -> Iterator[str]:
        # A server-side cursor needs a transaction, or the server keeps a copy of everything.
        with transaction.atomic(), progress.bar(self.stdout, "校验 verify", total) as done:
            stream = _counted(entries.order_by("chain", "seq").iterator(chunk_size=CHUNK), done)
            faults = list(ledger.verify(stream))
        for fault in faults:
            entry = LedgerEntry.objects.get(pk=fault.entry_id)
            number = Case.objects.filter(chain=fault.chain).values_list("number", flat=True).first()
            yield (
                f"  {KINDS[fault.kind]}: {number or fault.chain} · 序号 seq {fault.seq} · 条目 entry {fault.entry_id}"
                f" · {entry.at.isoformat(timespec='seconds')} {entry.verb}"
            )

    def _rows(self, chain: UUID | None) -> Iterator[str]:
        for mismatches in (posts.mismatches, channels.mismatches, alerts.mismatches, cases.mismatches):
            yield from map(_line, mismatches(chain))

    def _files(self, chain: UUID | None) -> Iterator[str]:
        with progress.bar(self.stdout, "原件 originals", originals.of(chain).count()) as done:
            yield from map(_line, list(originals.mismatches(settings.EVIDENCE_ROOT, chain, done)))


def _line(found: Mismatch) -> str:
    where = f"{found.number} · {found.field or found.chain}"
    if found.kind == "differs":
        return f"  不符 differs: {where} 库中 stored {found.stored} · 台账 told {found.told}"
    if found.kind == "silent":
        return f"  无台账 silent: {where} 没有条目 / the ledger tells nothing of it"
    return f"  不见 gone: {where} 台账有载 / told and not there: {found.told}"


KINDS = {"edited": "篡改 edited", "relinked": "断链 relinked", "missing": "缺失 missing"}


def _counted(entries: Iterable[LedgerEntry], done) -> Iterator[LedgerEntry]:
    count = 0
    for count, entry in enumerate(entries, 1):
        yield entry
        if count % CHUNK == 0:
            done(count)
    done(count)
