"""The auditors' desk: how long eight kinds of question take over years of entries; what the role costs."""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from bench.figures import Figure, quantile

YEARS = 3
FROM = datetime(2023, 11, 1, tzinfo=UTC)
# Of entries a case has.
CHAIN = 24
ASKS = 40
AIM = 1000.0
# Entries of a page.
PAGE = 50
VERBS = (
    "case.open", "alert.joined", "case.acknowledge", "case.arrive", "evidence.add", "case.contain", "case.report",
    "case.close", "deadline.missed", "request.extend", "order.give", "urging.reminder",
)  # fmt: skip
PLACES = (
    "泗泾镇鼓浪路",
    "九亭镇沪亭路",
    "新桥镇莘砖公路",
    "佘山镇外青松公路",
    "车墩镇影佳路",
    "洞泾镇长兴路",
    "叶榭镇叶政路",
)
THINGS = (
    "污水井硫化氢超限",
    "燃气管道压力异常",
    "塔吊力矩报警",
    "电梯困人",
    "桥梁位移超限",
    "人员密集预警",
    "井盖移位",
    "老建筑倾斜",
)
DOINGS = (
    "已派员前往",
    "现场设置警戒",
    "通风后复测合格",
    "联系权属单位抢修",
    "疏散周边群众",
    "等待专业队伍",
    "已上传照片",
    "要求延期处置",
)
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "文杰秋雯子涵俊峰建明雨桐思远佳怡"
COLUMNS = """chain, seq, at, recorded_at, verb, subject_type, subject_id, subject_label, actor_label, unit_label,
    post_label, before, after, note, request_id, previous, digest"""
EMPTY = "TRUNCATE responsibility_ledgerentry, notary_leaf, notary_tile, notary_checkpoint, desk_indexed, desk_taken"
LEAVES = """
    INSERT INTO notary_leaf (position, entry)
    SELECT row_number() OVER (ORDER BY id) - 1, id FROM responsibility_ledgerentry
"""
# As if the tree had just been signed.
SIGNED = """
    INSERT INTO notary_checkpoint (size, root, note, made_at, settled, seen, running_from)
    SELECT count(*), '', '', now(), max(entry), max(entry), 0 FROM notary_leaf
"""
RARE, ONCE = "钚二三九", "独一无二的措辞"


def search(place, quick: bool) -> list[Figure]:
    """Fill the ledger with synthetic entries of three years, take them into the search, ask."""
    size = 20_000 if quick else 1_000_000
    wrote = _fill(size)
    took = _take_in()
    floor = _page_floor(8 if quick else ASKS)
    asked = [_asked(name, questions, size, floor) for name, questions in _questions(quick).items()]
    return [
        Figure("desk-index", "收入检索 entries taken into the search", "entries/s", size / took, size / wrote,
               "COPY of the same entries, nothing to search", wrote / took,
               facts={"entries": size, "seconds": took, "written in": wrote, **_sizes()}),
        *asked, _role(50 if quick else 500),
    ]  # fmt: skip


def _fill(size: int) -> float:
    began, chance = time.perf_counter(), random.Random(7)
    with connection.cursor() as cursor:
        cursor.execute(f"SET session_replication_role = replica; {EMPTY} CASCADE")
        with cursor.copy(f"COPY responsibility_ledgerentry ({COLUMNS}) FROM STDIN") as copy:
            for number in range(size):
                copy.write_row(_row(number, size, chance))
        cursor.execute(f"{LEAVES}; {SIGNED}; RESET session_replication_role")
        cursor.execute("ANALYZE responsibility_ledgerentry, notary_leaf")
    return time.perf_counter() - began


def _row(number: int, size: int, chance: random.Random) -> tuple:
    case, step = divmod(number, CHAIN)
    at = FROM + timedelta(days=365 * YEARS) * (number / size)
    chain = UUID(int=(int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | case))
    name = chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
    where = chance.choice(PLACES)
    note = f"{chance.choice(DOINGS)}，{chance.choice(DOINGS)}" + (RARE if number % 50_000 == 7 else "")
    note += ONCE if number == size // 3 else ""
    after = json.dumps({"unit": f"3101171{case % 17:02}", "reason": chance.choice(DOINGS)}, ensure_ascii=False)
    subject = (where + chance.choice(THINGS))[:300]
    return (
        chain, step + 1, at, at, VERBS[step % len(VERBS)], "case", f"SJ-{at:%Y%m%d}-{case % 1_000_000:06}", subject,
        name, where[:3], "值守员", "{}", after, note, "", "", "0" * 64,
    )  # fmt: skip


def _take_in() -> float:
    from desk import indexing

    began = time.perf_counter()
    indexing.catch_up()
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        # What autovacuum would have done by then.
        cursor.execute("VACUUM (ANALYZE) desk_indexed")
    return took


def _sizes() -> dict:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('desk_indexed') >> 20, pg_relation_size('indexed_terms') >> 20")
        table, index = cursor.fetchone()
    return {"table MB": table, "index MB": index}


def _questions(quick: bool) -> dict[str, list[dict]]:
    """Eight kinds, each asked in many ways."""
    chance = random.Random(11)
    several = range(8 if quick else ASKS)
    months = [FROM + timedelta(days=30 * chance.randrange(36)) for _each in several]
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id FROM responsibility_ledgerentry TABLESAMPLE SYSTEM (10) LIMIT %s", [1000])
        numbers = [number for (number,) in cursor.fetchall()]
    return {
        "newest": [{} for _each in several],
        "case": [{"number": chance.choice(numbers)} for _each in several],
        "verb": [{"verb": chance.choice(VERBS)} for _each in several],
        "unit-month": [{"unit": f"3101171{chance.randrange(1, 17):02}", **_month(at)} for at in months],
        "person": [{"person": chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)} for _e in several],
        "common-words": [{"text": chance.choice(THINGS)[-4:]} for _each in several],
        "two-signs": [{"text": chance.choice(("井盖", "塔吊", "通风", "延期", "疏散", "警戒"))} for _each in several],
        "rare-words": [{"text": chance.choice((RARE, ONCE, "从来没有说过"))} for _each in several],
    }  # fmt: skip


def _month(at: datetime) -> dict[str, str]:
    return {"since": f"{at:%Y-%m}-01", "until": f"{at:%Y-%m}-28"}


def _page_floor(turns: int) -> float:
    """Milliseconds (p95) to read as many entries as a page has by their key, and nothing more."""
    took = []
    with connection.cursor() as cursor:
        for _turn in range(turns):
            began = time.perf_counter()
            cursor.execute("SELECT * FROM responsibility_ledgerentry ORDER BY id DESC LIMIT %s", [PAGE])
            cursor.fetchall()
            took.append((time.perf_counter() - began) * 1000)
    return quantile(took, 0.95)


def _asked(name: str, questions: list[dict], size: int, floor: float) -> Figure:
    """The page as it is answered: the search, its count, and the lines in words."""
    from desk import asking, lines, searching
    from responsibility import directory

    took, answered, known = [], 0, directory.current()
    for given in questions:
        given = {key: text for key, text in given.items() if key != "unit" or text in known.units_by_code}
        began = time.perf_counter()
        found = searching.search(asking.read(given, known))
        lines.of(found.places, known)
        took.append((time.perf_counter() - began) * 1000)
        answered += found.count or 0
    p95 = quantile(took, 0.95)
    facts = {"p50 ms": quantile(took, 0.5), "slowest ms": max(took), "entries": size, "found": answered / len(took)}
    return Figure(f"desk-{name}", "审计检索 a page of the answer, p95", "ms", p95, floor,
                  "a page of the newest by their key", p95 / floor, aim=f"≤ {AIM:.0f} ms",
                  met=p95 <= AIM, facts=facts)  # fmt: skip


def _role(turns: int) -> Figure:
    from responsibility import confining

    confining.available()
    took, bare = [], []
    for _turn in range(turns):
        began = time.perf_counter()
        confining.enter()
        confining.leave()
        took.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        bare.append((time.perf_counter() - began) * 1000)
    value, floor = quantile(took, 0.95), quantile(bare, 0.95)
    return Figure("desk-role", "只读角色 taking the role and giving it back, p95", "ms", value, floor,
                  "SELECT 1", value / floor,
                  facts={"p50 ms": quantile(took, 0.5), "turns": turns})  # fmt: skip
