"""Check the whole ledger: chains, tree, what was signed, and that rows and originals stand as it tells."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localdate

from accountability import audit as accountability
from alerts import audit as alerts
from cases import audit as cases
from cases import audit_clocks, audit_joint, originals
from cases.models import Case
from config import progress, stands, tampering, told_rows
from notary import audit as witnessed
from notary import growing, notes
from notary.models import SigningKey
from notary.verifying import diagnosis, running, tree
from notary.verifying.stories import Finding
from notices import channels
from responsibility import posts, unpacking
from responsibility.auditing import Mismatch
from responsibility.models import LedgerEntry, Volume
from retention import audit as retention

STATE = "verify-ledger.json"
SHOWN = 20
# Each gives what differs from what the ledger tells of it.
ROWS = [
    of.mismatches
    for of in (
        posts,
        channels,
        alerts,
        cases,
        audit_joint,
        audit_clocks,
        accountability,
        witnessed,
        retention,
        told_rows,
        stands,
    )
]


class Command(BaseCommand):
    """Reads only. Ends with code 1 when anything does not fit."""

    help = "校验责任台账 / verify the accountability ledger; exit code 1 when something does not fit."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--chain", type=UUID, help="only this chain (UUID)")
        which.add_argument("--case", help="only the chain of this case (number)")
        which.add_argument("--resume", action="store_true", help="go on where an interrupted run stood")
        parser.add_argument("--skip-files", action="store_true", help="do not read the originals of the proofs")
        parser.add_argument("--jobs", type=int, help="processes; as many as are worth it when not given")
        parser.add_argument(
            "--against", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint from elsewhere"
        )
        parser.add_argument("--key", metavar="VKEY", help="the verifier key that must have signed it")

    def handle(self, *args, chain, case, resume, skip_files, jobs, against, key, **options):
        """Print each finding, the first one first, then one sentence."""
        self.jobs = jobs
        outside = [_outside(file, key) for file in against]
        chain = _chain(case) if case else chain
        checked, found = self._one(chain) if chain else self._whole(resume)
        found += [finding for told in outside for finding in diagnosis.of_the_tree(tree.against(told, growing.size()))]
        faults = self._report(tampering.lines(found))
        with unpacking.unpacked(chain):
            faults += self._report(self._rows(chain))
            self._say_untold(audit_clocks.untold(chain))
            if not skip_files:
                faults += self._files(chain)
        if faults:
            raise CommandError(f"台账不一致：{checked} 条中发现 {faults} 处 / {faults} faults in {checked} entries.")
        self.stdout.write(
            f"台账完整：已校验 {checked} 条，库中数据与原件相符 / ledger intact: {checked} entries, rows agree."
        )

    def _one(self, chain: UUID) -> tuple[int, list[Finding]]:
        checked, found = diagnosis.whole_chain(UUID(str(chain)), growing.mark())
        if not checked:
            raise CommandError(f"台账中没有闭环链 {chain} / the ledger has no such chain.")
        return checked, found

    def _whole(self, resume: bool) -> tuple[int, list[Finding]]:
        place = Path(settings.VAR_DIR) / STATE
        state = self._state(place, resume)
        self._pass(state, place)
        with progress.bar(self.stdout, "存证树 tree", growing.size()) as done:
            flaws = tree.few(tree.flaws(done))
        if state.waiting:
            self.stdout.write(f"待存证 {state.waiting} 条 / {state.waiting} entries wait for the next checkpoint")
        place.unlink(missing_ok=True)
        found = diagnosis.diagnose(state.signs, flaws, state.settled)
        if state.found > len(state.signs):
            self.stdout.write(f"  痕迹 {state.found} 处，只细看前 {len(state.signs)} 处 / {state.found} traces in all")
        return state.entries + state.archived, found

    def _state(self, place: Path, resume: bool) -> running.State:
        if not resume:
            return running.begin()
        state = running.State.read(place)
        if state is None or state.database != running.database():
            raise CommandError("没有可继续的校验 / there is no interrupted run of this ledger to go on with.")
        return state

    def _pass(self, state: running.State, place: Path) -> None:
        archived = Volume.objects.filter(restored_at=None).aggregate(entries=Sum("entries"))["entries"] or 0
        total, before, began = LedgerEntry.objects.count() + archived, state.entries + state.archived, monotonic()
        with (
            running.workers(self.jobs or running.jobs_for(total)) as shared,
            progress.bar(self.stdout, "校验 verify", total) as done,
        ):
            try:
                running.run(state, shared, lambda now: now.write(place), done)
            except KeyboardInterrupt:
                raise CommandError(
                    f"已中断于 {state.entries + state.archived} 条，--resume 继续 / interrupted; --resume goes on.",
                    returncode=130,
                ) from None
        done_now = state.entries + state.archived - before
        rate = done_now / max(monotonic() - began, 1e-6)
        if state.hashing and done_now:
            self.stdout.write(
                f"  {rate:,.0f} 条/秒，纯 SHA-256 为 {1 / state.hashing:,.0f}，比值 {rate * state.hashing:.3f}"
                f" / {rate:,.0f} entries a second, SHA-256 of the same bytes {1 / state.hashing:,.0f}"
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

    def _rows(self, chain: UUID | None) -> Iterator[str]:
        for mismatches in ROWS:
            yield from map(_line, mismatches(chain))

    def _say_untold(self, count: int) -> None:
        if count:
            self.stdout.write(
                f"  {count} 个责任方和计时事件写于台账载明之前，未比对"
                f" / {count} parties and clock events are older than the entries that tell of such: not compared"
            )

    def _files(self, chain: UUID | None) -> int:
        with progress.bar(self.stdout, "原件 originals", originals.of(chain).count()) as done:
            found = list(originals.mismatches(settings.EVIDENCE_ROOT, chain, done))
        self._report(_removed(one) for one in found if one.kind == "removed")
        return self._report(_line(one) for one in found if one.kind != "removed")


def _chain(case: str) -> UUID:
    chain = Case.objects.filter(number=case).values_list("chain", flat=True).first()
    if chain is None:
        raise CommandError(f"没有案件 {case} / there is no such case.")
    return chain


def _outside(file: Path, key: str | None) -> notes.Checkpoint:
    """The checkpoint in a file, signed by ``key``, or by one of ours when none is given."""
    try:
        note = notes.Note.read(file.read_text(encoding="utf-8"))
        told = notes.Checkpoint.read(note.text)
        trusted = [notes.Key.read(key)] if key else _ours()
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: 不是存证点 / not a checkpoint: {error}") from None
    if not any(map(note.signed_by, trusted)):
        raise CommandError(
            f"{file}: 签名与公钥不符 / not signed by {'that key' if key else 'a key of ours; give --key'}"
        )
    return told


def _ours() -> list[notes.Key]:
    kept = [notes.Key.read(verifier) for verifier in SigningKey.objects.values_list("verifier", flat=True)]
    return [*kept, *tree.folder_keys()]


def _removed(found: Mismatch) -> str:
    """No fault: what went under retention, by the day."""
    day = localdate(parse_datetime(found.stored or "")).isoformat()
    said = f"已依保存期限于 {day} 清除 / removed under retention on {day}"
    return f"  原件 original: {found.number} · {(found.told or '')[:12]} {said}"


def _line(found: Mismatch) -> str:
    where = f"{found.number} · {found.field or found.chain}"
    if found.kind == "differs":
        return f"  不符 differs: {where} 库中 stored {found.stored} · 台账 told {found.told}"
    if found.kind == "silent":
        return f"  无台账 silent: {where} 没有条目 / the ledger tells nothing of it"
    return f"  不见 gone: {where} 台账有载 / told and not there: {found.told}"
