"""The insurance side: cases judged for cover, what an insurer reads of them, one visit filed."""

import io
import time
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from random import Random
from statistics import median
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Min
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from alerts import intake
from alerts.formats import item
from alerts.models import RiskObject
from bench import copying, people
from bench.figures import Figure, quantile
from bench.material import Material, source
from bench.place import Place, ask
from insurance.firms.models import Firm, Inspector, Licence
from insurance.policies import covering
from insurance.policies.models import Cover, Covered, Policy, Share
from insurance.service import keeping, record, visiting
from insurance.service.models import ServiceOrder
from responsibility import chains, clock
from responsibility.models import Unit, User

POLICIES, CASES, MORE = 500, 1_000, 5_000
DAY = timedelta(days=1)
FEWER = "bench_few_covers"
GROWTH = 1.5
WRITTEN = {
    "policies_judgement": "id", "policies_cover": "id", "responsibility_ledgerentry": "id", "notices_notice": "id",
}  # fmt: skip
LIST, JSON = "/insurance/cases/", "/api/v1/insurance/cases/"


def floor(place: Place, quick: bool) -> list[Figure]:
    """Judging first, while nothing is covered; then the lists, with a fifth of the cases and with all; then visits."""
    size, more = (100, 300) if quick else (CASES, MORE)
    material = Material(series=12)
    codes = material.objects(size)
    insured = _policies(codes, 50 if quick else POLICIES)
    _open(material, codes)
    judged = _judged(size)
    # Signed in before the database is kept, so in both.
    browser, headers = people.browser("insurer"), people.token("insurer")
    place.keep(FEWER)
    while Cover.objects.count() < more:
        again = material.objects(size)
        _cover(again)
        _open(material, again)
        _judge()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_case, policies_cover, policies_policy, policies_share, policies_covered")
    lists = _lists(place, browser, headers, quick)
    return [judged, *lists, _visits(insured, 4 if quick else 30)]


# --- what is there ---------------------------------------------------------------------------
@contextmanager
def _untold():
    """Rows of the bench's own stand there without entries."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("RESET session_replication_role")


def _policies(codes: list[str], count: int) -> Unit:
    """So many policies of the demo's insurer, the objects shared out among them; the unit that is insured."""
    now, by = clock.now(), User.objects.get(username="insurer")
    insurer, insured, broker = (Unit.objects.get(code=code) for code in ("X-INS", "X-WATER", "X-BROKER"))
    with _untold():
        made = Policy.objects.bulk_create(
            Policy(
                number=f"BENCH-{n}", line="comprehensive", insurer=insurer, insured=insured, broker=broker, whole=False,
                starts_at=now - 100 * DAY, ends_at=now + 265 * DAY, premium=Decimal(100_000),
                limit_total=Decimal(5_000_000), limit_each=Decimal(1_000_000), fast_limit=Decimal(0),
                registered_at=now, registered_by=by, confirmed_at=now, confirmed_by=by,
                confirmed_until=now + 265 * DAY, confirmed_tail=730,
            )
            for n in range(count)
        )  # fmt: skip
        Share.objects.bulk_create(Share(policy=policy, insurer=insurer, percent=100) for policy in made)
    _cover(codes)
    return insured


def _cover(codes: list[str]) -> None:
    """Have the objects covered, each by one of the policies in turn."""
    policies = list(Policy.objects.order_by("pk"))
    things = RiskObject.objects.filter(code__in=codes).order_by("pk")
    with _untold():
        things.update(main_body=policies[0].insured_id)
        Covered.objects.bulk_create(
            Covered(
                policy=policy,
                risk_object=thing,
                since=policy.starts_at,
                until=policy.ends_at,
                confirmed_at=policy.confirmed_at,
            )
            for thing, policy in zip(things, policies * (len(codes) // len(policies) + 1), strict=False)
        )


def _open(material: Material, codes: list[str]) -> None:
    intake.receive(source(), [material.alert(code, "yellow") for code in codes], item.read)


def _judge() -> None:
    while covering.judge():
        pass


# --- what is measured ----------------------------------------------------------------------------
def _judged(size: int) -> Figure:
    """1,000 cases against 500 policies, written with their entries and notices; beside COPY of the same rows."""
    _judge()
    with _untold(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM policies_cover; DELETE FROM policies_judgement")
    copying.twins(WRITTEN)
    before = copying.marks(WRITTEN)
    began = time.perf_counter()
    _judge()
    took = time.perf_counter() - began
    rows = copying.since(before, tables=WRITTEN)
    plain = copying.seconds_to_copy(rows)
    facts = {
        "cases": size, "policies": Policy.objects.count(), "covers": Cover.objects.count(), "seconds": took,
        "rows": sum(each.count for each in rows),
    }  # fmt: skip
    return Figure(
        "cover", "承保判定 cases judged for cover, with entries and notices", "cases/s", size / took, size / plain,
        "COPY of the same rows", plain / took, facts=facts,
    )  # fmt: skip


def _lists(place: Place, browser: Client, headers: dict, quick: bool) -> list[Figure]:
    asked = {
        "insurer-cases": ("承保案件 an insurer's list of cases", {"path": LIST, "headers": people.cookie(browser)}),
        "insurer-json": ("承保案件 the same for its program, JSON", {"path": JSON, "headers": headers}),
    }
    turns, each = (1, 4) if quick else (3, 30)
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in asked}
    with place.web(database=FEWER) as few_port, place.web() as port:
        for turn in range(turns + 1):
            for name, (_what, request) in asked.items():
                for times, at in zip(taken[name], (few_port, port), strict=True):
                    answer = ask(at, [request] * each)
                    if turn:  # the first turn warms both up
                        times += answer["latencies"]
    statements = {name: _statements(browser, request["path"]) for name, (_what, request) in asked.items()}
    figures = []
    for name, (what, _request) in asked.items():
        few, many = (quantile(times, 0.95) for times in taken[name])
        facts = {
            "p50 ms": quantile(taken[name][1], 0.5), "covered cases": Cover.objects.shown(clock.now()).count(),
            "statements": statements[name],
        }  # fmt: skip
        figures.append(
            Figure(
                name,
                f"{what}, p95 over HTTP",
                "ms",
                many,
                few,
                "the same with a fifth of the cases",
                many / few,
                f"≤ {GROWTH}",
                many / few <= GROWTH,
                facts,
            )  # fmt: skip
        )
    return figures


def _statements(browser: Client, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    return len(captured)


def _visits(insured: Unit, count: int) -> Figure:
    """A photo, the record and the other side's word, one visit after the other; beside taking the photo in alone."""
    by, other = User.objects.get(username="firm"), User.objects.get(username="enterprise")
    inspector = _firm(by)
    orders = _orders(insured, by, count)
    took, plain = [], []
    for number, order in enumerate(orders):
        sent_as, photo = uuid4(), _picture(number)
        began = time.perf_counter()
        sha256 = visiting.receive(order.pk, sent_as, photo, by=by).sha256
        visiting.record(order.pk, _written(sent_as, sha256, inspector), by=by)
        visiting.confirm(order.pk, "属实", by=other)
        took.append((time.perf_counter() - began) * 1000)
        again = _picture(number + count)
        began = time.perf_counter()
        keeping.receive(again, "photo", ["image/jpeg"])
        plain.append((time.perf_counter() - began) * 1000)
    return Figure(
        "visit", "服务记录 one visit filed: photo, record, both signatures; median", "ms", median(took), median(plain),
        "the photo received alone", median(took) / median(plain),
        facts={"visits": count, "p95 ms": quantile(took, 0.95)},
    )  # fmt: skip


def _written(sent_as, sha256: str, inspector: Inspector) -> record.Written:
    now = clock.now().isoformat()
    return record.read(
        {"sent_as": str(sent_as), "arrived_at": now, "left_at": now, "people": [inspector.pk], "work": "逐井排查",
         "photos": [{"sha256": sha256}]}
    )  # fmt: skip


def _firm(by: User) -> Inspector:
    now, unit = clock.now(), Unit.objects.get(code="X-TPF")
    with _untold():
        firm = Firm.objects.create(unit=unit, credit_code="91310117MA1J0TPF0X", standing="listed", registered_at=now)
        Licence.objects.create(
            firm=firm, number="L-1", name="安全评价", items=["inspection"], issued_by="应急局",
            since=now.date() - 365 * DAY, until=now.date() + 365 * DAY,
        )  # fmt: skip
        return Inspector.objects.create(
            firm=firm, name="周工", certificate="注册安全工程师", number="S-1", until=now.date() + 365 * DAY
        )


def _orders(insured: Unit, by: User, count: int) -> list[ServiceOrder]:
    now = clock.now()
    insurer, firm = Unit.objects.get(code="X-INS"), Unit.objects.get(code="X-TPF")
    first = Policy.objects.aggregate(first=Min("pk"))["first"]
    with _untold():
        return ServiceOrder.objects.bulk_create(
            ServiceOrder(
                chain=chains.dated(), number=f"FW-BENCH-{n:06d}", policy_id=first, by_unit=insurer, firm=firm,
                insured=insured, item="inspection", text="窨井排查", due_at=now + 30 * DAY, ordered_at=now,
                ordered_by=by, state="agreed", appointed_at=now,
            )
            for n in range(count)
        )  # fmt: skip


def _picture(number: int) -> SimpleUploadedFile:
    """A photo of a phone's size after it was made smaller; none is like another."""
    file, chance = io.BytesIO(), Random(number)
    Image.frombytes("RGB", (640, 480), chance.randbytes(640 * 480 * 3)).save(file, "JPEG", quality=60)
    return SimpleUploadedFile(f"{number}.jpg", file.getvalue(), content_type="image/jpeg")
