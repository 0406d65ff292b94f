"""The worklist with ten thousand cases behind it and with a million, asked turn about."""

from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import archive, people
from bench.figures import Figure, quantile
from bench.place import Place, ask
from cases.models import Case

SIZES, QUICK_SIZES = (10_000, 1_000_000), (200, 2_000)
GROWTH = 1.5
STREET, CENTRE = "sijing-duty", "chengyun-lead"
FEWER = "fewer"
ROW = b'<li class="case '


@dataclass
class Page:
    """A page that ``reader`` opens."""

    name: str
    what: str
    reader: str
    path: str


PAGES = [
    Page("worklist", "工单 worklist of a street's duty officer", STREET, "/"),
    Page("worklist-centre", "工单 worklist of the district's shift leader", CENTRE, "/"),
    Page("worklist-overdue", "超时 overdue cases of a street", STREET, "/?overdue=true"),
    Page("archive", "已结案 closed cases of a street", STREET, "/?state=closed"),
    Page("search", "查找 cases of a street with 污水 in the title", STREET, "/?q=%E6%B1%A1%E6%B0%B4"),
]


def worklist(place: Place, quick: bool) -> list[Figure]:
    """p95 of each page over HTTP with few and with many cases in two databases of one server, and its statements."""
    fewer, more = QUICK_SIZES if quick else SIZES
    archive.begin()
    archive.grow(fewer)
    browsers = {reader: people.browser(reader) for reader in (STREET, CENTRE)}
    looked = {page.name: _look(browsers[page.reader], page.path) for page in PAGES}
    place.keep(FEWER)
    archive.grow(more)
    figures = []
    with place.web() as port, place.web(database=FEWER) as fewer_port:
        for page in PAGES:
            headers = people.cookie(browsers[page.reader])
            times = _turns([fewer_port, port], {"path": page.path, "headers": headers}, quick)
            figures.append(_figure(page, times, [looked[page.name], _look(browsers[page.reader], page.path)]))
    figures[0].facts |= {"cases": Case.objects.count(), "open": Case.objects.open().count(), "few": fewer}
    return figures


def _turns(ports: list[int], request: dict, quick: bool) -> list[list[float]]:
    """Milliseconds of each answer at each of ``ports``, asked in turns so that a busy moment meets all of them."""
    turns, each = (1, 4) if quick else (5, 40)
    times: list[list[float]] = [[] for _ in ports]
    for turn in range(turns + 1):
        for port, taken in zip(ports, times, strict=True):
            answer = ask(port, [request] * each)
            if turn:  # the first turn warms both up
                taken += answer["latencies"]
    return times


def _look(browser: Client, path: str) -> tuple[int, int]:
    """SQL statements and rows of the page in this process, once it has been warmed up."""
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return len(captured), answer.content.count(ROW)


def _figure(page: Page, times: list[list[float]], looked: list[tuple[int, int]]) -> Figure:
    few, many = (quantile(taken, 0.95) for taken in times)
    (few_statements, few_rows), (statements, rows) = looked
    facts = {
        "p50 ms": quantile(times[1], 0.5),
        "p50 ratio": quantile(times[1], 0.5) / quantile(times[0], 0.5),
        "statements": f"{few_statements} → {statements}",
        "rows": f"{few_rows} → {rows}",
    }
    met = many / few <= GROWTH and statements == few_statements
    return Figure(
        page.name, f"{page.what}, p95 over HTTP", "ms", many, few, "the same page with 1 % of the cases", many / few,
        f"≤ {GROWTH}, same statements", met, facts,
    )  # fmt: skip
