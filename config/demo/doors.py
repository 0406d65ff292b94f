"""The two doors through which demo people work: the actions in this process, and the API of a running server."""

from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import httpx
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts import intake
from alerts.formats import item
from alerts.models import Source
from cases import actions, proof, requests
from cases.models import Case
from config.demo import people
from notices import inbox
from notices.models import Message
from responsibility.models import User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Refused


class Declined(Exception):
    """An act was refused; ``code`` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Unreachable(Exception):
    """No server answers, or it does not answer as this product does; the text says so to a person."""


@dataclass(frozen=True)
class Seen:
    """What somebody who looks at a case needs to know to do the next thing. Units by code."""

    number: str
    state: str
    loop: str
    category: str
    at_home: bool
    street: str
    holder: str
    lead: str
    waiting: tuple[str, ...]
    lat: float | None
    lon: float | None


class Door(Protocol):
    """What demo people and the demo source can do. Everything but ``post`` and ``look`` may raise ``Declined``."""

    def post(self, items: list[dict]) -> list[dict]: ...
    def look(self, number: str) -> Seen: ...
    def press(self, who: str, number: str, verb: str, data: dict) -> None: ...
    def prove(self, who: str, number: str, photo: bytes, name: str, kind: str, note: str) -> None: ...
    def ask(self, who: str, number: str, kind: str, reason: str, minutes: int | None) -> int: ...
    def decide(self, who: str, request: int, approve: bool, answer: str) -> None: ...


class Inside:
    """The actions themselves, at the time of ``responsibility.clock``. Whoever acts has looked into his inbox first."""

    def __init__(self) -> None:
        self.source = Source.objects.get(code=people.SOURCE)
        self.users = {user.username: user for user in User.objects.all()}
        self.ids: dict[str, int] = {}

    def post(self, items: list[dict]) -> list[dict]:
        """Take alerts in as the intake page does."""
        return [vars(answer) for answer in intake.receive(self.source, items, item.read)]

    def look(self, number: str) -> Seen:
        """The case as it stands."""
        case = Case.objects.select_related("holder", "lead").get(number=number)
        self.ids[number] = case.pk
        engaged = list(case.parties.filter(until__isnull=True).select_related("unit"))
        return Seen(
            number,
            str(case.state),
            str(case.loop),
            case.category_code,
            case.territory_id is not None,
            next((party.unit.code for party in engaged if party.role == DutyRole.TERRITORY), ""),
            case.holder.code if case.holder else "",
            case.lead.code if case.lead else "",
            tuple(party.unit.code for party in engaged if party.acknowledged_at is None),
            case.lat,
            case.lon,
        )

    def press(self, who: str, number: str, verb: str, data: dict) -> None:
        """One verb."""
        self._read(who)
        self._do(actions.perform, self.ids[number], verb, by=self.users[who], data=data)

    def prove(self, who: str, number: str, photo: bytes, name: str, kind: str, note: str) -> None:
        """One photograph."""
        upload = SimpleUploadedFile(name, photo, "image/jpeg")
        self._do(proof.add, self.ids[number], upload, by=self.users[who], kind=kind, note=note)

    def ask(self, who: str, number: str, kind: str, reason: str, minutes: int | None) -> int:
        """The id of the new request."""
        asked = self._do(requests.ask, self.ids[number], by=self.users[who], kind=kind, reason=reason, minutes=minutes)
        return asked.pk

    def decide(self, who: str, request: int, approve: bool, answer: str) -> None:
        """Approve or refuse."""
        self._read(who)
        self._do(requests.decide, request, by=self.users[who], approve=approve, answer=answer)

    def _read(self, who: str) -> None:
        mine = Message.objects.filter(person=self.users[who], read_at__isnull=True)
        if newest := mine.order_by("-pk").values_list("pk", flat=True).first():
            inbox.read(self.users[who], newest)

    def _do(self, act, *args, **kwargs):
        try:
            return act(*args, **kwargs)
        except Refused as refused:
            raise Declined(refused.code) from None


class OverHttp:
    """The API of the server at ``url``; ``watcher`` is a demo person who may read every case.

    ``took`` collects the milliseconds of each request by kind (``alerts``, ``look``, ``act``, ``sign_in``).
    """

    def __init__(self, url: str, key: str, watcher: str):
        self.client = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.key, self.watcher = key, watcher
        self.tokens: dict[str, str] = {}
        self.took: dict[str, list[float]] = {"alerts": [], "look": [], "act": [], "sign_in": []}

    def post(self, items: list[dict]) -> list[dict]:
        """One object when there is one, an array otherwise."""
        body = items[0] if len(items) == 1 else items
        answer = self._send("alerts", "/api/v1/alerts/", {"Authorization": f"Bearer {self.key}"}, json=body)
        if answer.status_code in (401, 403):
            raise Unreachable(f"服务器不接受演示密钥 / the server does not take the demo key ({answer.status_code}).")
        found = _body(answer)
        if answer.is_error and "outcome" not in found:
            raise Unreachable(f"接收预警失败 / alerts were refused: {answer.status_code} {answer.text[:200]}")
        return found.get("results", [found])

    def look(self, number: str) -> Seen:
        """The case as the watcher sees it."""
        answer = self._send("look", f"/api/v1/cases/{number}/", self._as(self.watcher), method="GET")
        case = _checked(answer)
        place = case["location"] or {}
        engaged = [(p["unit"]["code"], p["role"], p["acknowledged_at"]) for p in case["parties"] if not p["until"]]
        return Seen(
            number,
            case["state"],
            case["loop"],
            case["category"],
            case["territory"] is not None,
            next((code for code, role, _answered in engaged if role == DutyRole.TERRITORY), ""),
            (case["holder"] or {}).get("code", ""),
            (case["lead"] or {}).get("code", ""),
            tuple(code for code, _role, answered in engaged if not answered),
            place.get("lat"),
            place.get("lon"),
        )

    def press(self, who: str, number: str, verb: str, data: dict) -> None:
        """One verb."""
        _checked(self._send("act", f"/api/v1/cases/{number}/{verb}/", self._as(who), json=data))

    def prove(self, who: str, number: str, photo: bytes, name: str, kind: str, note: str) -> None:
        """One photograph."""
        path, form = f"/api/v1/cases/{number}/evidence/", {"kind": kind, "note": note}
        _checked(self._send("act", path, self._as(who), files={"file": (name, photo, "image/jpeg")}, data=form))

    def ask(self, who: str, number: str, kind: str, reason: str, minutes: int | None) -> int:
        """The id of the new request."""
        body = {"kind": kind, "reason": reason, **({"minutes": minutes} if minutes else {})}
        return _checked(self._send("act", f"/api/v1/cases/{number}/requests/", self._as(who), json=body))["id"]

    def decide(self, who: str, request: int, approve: bool, answer: str) -> None:
        """Approve or refuse."""
        path = f"/api/v1/requests/{request}/{'approve' if approve else 'refuse'}/"
        _checked(self._send("act", path, self._as(who), json={"answer": answer}))

    def _as(self, who: str) -> dict:
        if who not in self.tokens:
            given = {"username": who, "password": settings.DEMO_PASSWORD}
            answer = self._send("sign_in", "/api/v1/token/", {}, json=given)
            if answer.is_error:
                raise Unreachable(
                    f"演示账号 {who} 无法登录 / cannot sign in ({answer.status_code}): manage.py load_demo"
                )
            self.tokens[who] = answer.json()["token"]
        return {"Authorization": f"Token {self.tokens[who]}"}

    def _send(self, kind: str, path: str, headers: dict, method: str = "POST", **body) -> httpx.Response:
        began = perf_counter()
        try:
            answer = self.client.request(method, path, headers=headers, **body)
        except httpx.HTTPError as error:
            where = f"无法连接 {self.client.base_url} / the server cannot be reached"
            raise Unreachable(f"{where}: {error}. 先运行 run first: make run") from None
        self.took[kind].append((perf_counter() - began) * 1000)
        if answer.status_code >= 500:
            raise Unreachable(f"服务器出错 / the server failed: {answer.status_code} {path}")
        return answer


def _body(answer: httpx.Response) -> dict:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreachable(f"应答不是本系统的格式 / this is not an answer of this product: {answer.status_code}")
    return found


def _checked(answer: httpx.Response) -> dict:
    found = _body(answer)
    if answer.is_error:
        errors = found.get("errors") or [{"code": str(answer.status_code)}]
        raise Declined(errors[0]["code"])
    return found
