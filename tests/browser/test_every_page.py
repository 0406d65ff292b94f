"""Every page in both languages, on a phone and on a desk."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.pages import codes, district_at_work, without_english

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HAN = re.compile(r"[\u4e00-\u9fff，。；：！？、（）「」]+")
WORD = re.compile(r"[A-Za-z]{3,}")
SAME_EVERYWHERE = {"GeoJSON", "LEL", "ppm"}
# Captions for screen readers that the framework's own administrator has not put into Chinese.
OF_DJANGO = {"Model", "name", "Add", "link", "Change", "view", "list"}
FINGER = 44  # CSS pixels

# All that a page can tell anybody, also folded away or spoken, but for what says that it is in another language.
TEXTS = """() => {
    const own = (node) => node.closest("[lang]").lang === document.documentElement.lang;
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const holder = walker.currentNode.parentElement;
        if (!holder.closest("script, style, code") && own(holder)) found.push(walker.currentNode.data);
    }
    for (const node of document.querySelectorAll("*")) for (const { name, value } of node.attributes)
        if (["placeholder", "title", "alt", "aria-label", "label"].includes(name) && own(node)) found.push(value);
    for (const [name, word] of Object.entries(document.body.dataset)) if (name !== "live") found.push(word);
    return found.map((text) => text.trim()).filter(Boolean);
}"""
SMALL = """(finger) => [...document.querySelectorAll("button, .button, summary, nav a, select, input, textarea")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.type !== "hidden")
    .filter((node) => !node.matches(".choices input, .leaflet-container *"))
    .filter((node) => (node.type === "checkbox" ? node.closest("label") : node).getBoundingClientRect().height < finger)
    .map((node) => `${node.outerHTML.slice(0, 80)} ${node.getBoundingClientRect().height}`)"""


@pytest.fixture
def each_page(open_case, press, people, browse, become, watch):
    """Walk through all pages, one browser for all: ``(what, page)`` one after the other."""
    places = district_at_work(open_case, press, people)
    watch.expected = {400, 403, 404}

    def walk(locale: str):
        page, who_is_there = browse(**DESKTOP, locale=locale, is_mobile=False), ""
        for what, (who, address) in places.items():
            if who != who_is_there:
                become(page, who)
                who_is_there = who
            page.goto(address)
            yield what, page

    return walk


def strange(page: Page, language: str, known: list[str]) -> set[str]:
    """Words of the other language in the texts of the page, once the ``known`` texts are taken out."""
    texts = "\n".join(page.evaluate(TEXTS))
    for piece in known:
        texts = texts.replace(piece, " ")
    if language == "en-GB":
        return set(HAN.findall(texts))
    return {word for word in WORD.findall(texts) if word not in SAME_EVERYWHERE | OF_DJANGO and not word.isupper()}


def unfit(page: Page) -> list[str]:
    """What is wider than the screen or lower than a finger, at both sizes."""
    found = []
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size["viewport"])
        scrolled, width = page.evaluate("document.scrollingElement.scrollWidth"), size["viewport"]["width"]
        found += [f"{scrolled} px on {width}"] if scrolled > width else []
        found += [f"on {width}: {small}" for small in page.evaluate(SMALL, FINGER)]
    page.set_viewport_size(DESKTOP["viewport"])
    return found


@pytest.mark.parametrize(("language", "known"), [("zh-CN", codes), ("en-GB", without_english)], ids=["中文", "English"])
def test_every_page_speaks_one_language_and_fits_screen_and_finger(each_page, language, known):
    kept, faults = None, []
    for what, page in each_page(language):
        kept = kept or sorted(known(), key=len, reverse=True)
        faults += [f"{what}: {word}" for word in sorted(strange(page, language, kept))]
        # The administrator's tables are the framework's own and made for a desk.
        faults += [f"{what}: {fault}" for fault in (unfit(page) if what != "admin" else [])]
    assert not faults, "\n".join(faults)
