"""Send recorded alerts again."""

from collections import Counter
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import progress
from config.demo import people
from config.demo.recording import Batch, Unreadable, batches

JSON, CAP = "application/json", "application/cap+xml"
DOORS = {JSON: "/api/v1/alerts/", CAP: "/api/v1/alerts/cap/"}


class Command(BaseCommand):
    """NDJSON, JSON and CAP files, told apart by their content. Sending a file twice changes nothing."""

    help = "重放预警文件（NDJSON、JSON、CAP）/ post recorded alerts to a server."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="the server")
        parser.add_argument("--key", help="source key; in demo mode that of the demo source")

    def handle(self, *args, files, url, key, **options):
        """A table of outcomes; ends with code 1 when something could not be sent or was rejected."""
        if not key and not settings.DEMO:
            raise CommandError("需要 --key：子平台密钥 / the key of a source is needed.")
        missing = [str(path) for path in files if not path.is_file()]
        if missing:
            raise CommandError(f"没有文件 / no such file: {', '.join(missing)}")
        self.outcomes, self.unsent = Counter(), 0
        headers = {"Authorization": f"Bearer {key or people.source_key()}"}
        with httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:
            for path in files:
                self._replay(client, path)
        for outcome, count in self.outcomes.most_common():
            self.stdout.write(f"  {outcome:<12}{count:>8}")
        rejected = self.outcomes["rejected"]
        if self.unsent or rejected:
            what = f"{self.unsent} 条未能发送 / could not be sent, {rejected} 条被拒收 / were rejected"
            raise CommandError(f"{what}.")

    def _replay(self, client: httpx.Client, path: Path) -> None:
        notes: list[str] = []
        with progress.bar(self.stdout, f"{path.name}（字节 bytes）", path.stat().st_size) as done:
            try:
                for batch in batches(path):
                    notes += self._send(client, batch)
                    done(batch.read_bytes)
            except Unreadable as error:
                self.unsent += 1
                notes.append(str(error))
        for note in notes:
            self.stdout.write(f"  {path.name}: {note}")

    def _send(self, client: httpx.Client, batch: Batch) -> list[str]:
        """Send one batch; what must be told about its items, by line."""
        self.unsent += len(batch.faults)
        notes = [f"{_place(line)} {why}" for line, why in batch.faults]
        if not batch.lines:
            return notes
        kind = CAP if batch.cap else JSON
        try:
            answer = client.post(DOORS[kind], content=batch.body, headers={"Content-Type": kind})
        except httpx.HTTPError as error:
            where = f"无法连接 {client.base_url} / the server cannot be reached"
            raise CommandError(f"{where}: {error}. 已发送 sent: {self.outcomes.total()}") from None
        if answer.status_code in (401, 403):
            raise CommandError(f"密钥无效 / the key is not valid ({answer.status_code}).")
        return notes + self._told(batch, answer)

    def _told(self, batch: Batch, answer: httpx.Response) -> list[str]:
        try:
            found = answer.json()
            results = found.get("results", [found] if "outcome" in found else [])
        except (ValueError, AttributeError):
            found, results = {}, []
        if len(results) != len(batch.lines):
            self.unsent += len(batch.lines)
            why = _why(found.get("errors", [])) or answer.text[:200]
            return [f"{_place(batch.lines[0])} … {_place(batch.lines[-1])} {answer.status_code}: {why}"]
        self.outcomes.update(result["outcome"] for result in results)
        rejected = zip(batch.lines, results, strict=True)
        return [f"{_place(line)} rejected: {_why(r['errors'])}" for line, r in rejected if r["outcome"] == "rejected"]


def _place(line: int) -> str:
    return f"第 {line} 行 line {line}"


def _why(errors: list[dict]) -> str:
    return "; ".join(f"{e.get('attr') or '—'} {e['code']} {e['detail']}" for e in errors)
