"""Chinese is the source; English is complete."""

import ast
import io
import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

BASE = Path(__file__).resolve().parent.parent
FOLDER = BASE / "config" / "locale" / "en" / "LC_MESSAGES"
HAN = re.compile(r"[\u4e00-\u9fff]")
NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
APPS = (
    "config",
    "responsibility",
    "notices",
    "handbook",
    "alerts",
    "resources",
    "cases",
    "accountability",
    "mining",
    "desk",
    "retention",
    "insurance",
)
CODE = [path for app in APPS for path in (BASE / app).rglob("*.py")]
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))


@pytest.fixture(scope="module")
def catalogue():
    return read_po((FOLDER / "django.po").open("rb"), locale="en")


def texts_of(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in NAMES:
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return found


def texts_of_template(source: str) -> set[str]:
    calls = re.findall(r"\bn?gettext\(u?((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\s|,|u)+)", templatize(source))
    calls += re.findall(r"\b_\(((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\)", templatize(source))
    return {
        text
        for call in calls
        for text in re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", call)
        for text in text
        if text
    }


def test_every_sentence_of_the_code_has_its_english(catalogue):
    wanted = {text for path in CODE if "migrations" not in path.parts for text in texts_of(path.read_text())}
    missing = sorted(
        text for text in wanted if HAN.search(text) and not (catalogue.get(text) and catalogue.get(text).string)
    )
    assert missing == []


def test_every_sentence_of_the_pages_has_its_english(catalogue):
    wanted = {text for path in TEMPLATES for text in texts_of_template(path.read_text())}
    assert wanted, "no texts were found in the templates: this test looks in the wrong way"
    missing = sorted(
        text
        for text in wanted
        if HAN.search(text)
        and not (catalogue.get(text.replace("\\n", "\n")) and catalogue.get(text.replace("\\n", "\n")).string)
    )
    assert missing == []


def test_no_translation_is_empty_or_uncertain(catalogue):
    assert [m.id for m in catalogue if m.id and (m.fuzzy or not m.string)] == []


def test_no_english_sentence_is_left_in_chinese(catalogue):
    assert [m.id for m in catalogue if m.id and HAN.search(str(m.string)) and m.id != "中文"] == []


def test_the_compiled_catalogue_is_the_one_that_is_read(catalogue):
    made = io.BytesIO()
    write_mo(made, catalogue)
    made.seek(0)
    kept = read_mo((FOLDER / "django.mo").open("rb"))
    # By what it says: texts of one context and those of none stand in another order from one writer to the other.
    read = {(m.context, str(m.id)): m.string for m in read_mo(made) if m.id}
    assert read == {(m.context, str(m.id)): m.string for m in kept if m.id}


def test_no_page_holds_chinese_outside_the_translated_texts():
    bare = re.compile(
        r"\{%\s*(?:blocktrans|blocktranslate).*?endblocktrans(?:late)?\s*%\}|\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}"
        r"|\{% comment.*?endcomment %\}",
        re.S,
    )
    left = {path.name: HAN.findall(bare.sub("", path.read_text())) for path in TEMPLATES}
    # Told in both languages at once, when the server has failed; and the switch itself.
    for both in ("500.html", "_language.html"):
        left.pop(both, None)
    assert {name: found for name, found in left.items() if found} == {}
