"""The rules of the house, held by reading the house."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

FLOORS = [
    "responsibility", "notices", "handbook", "notary", "alerts", "resources", "cases", "accountability", "mining",
    "desk", "retention", "insurance",
    "config",
]  # fmt: skip
FILE_LINES = 400
FUNCTION_LINES = 50
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "services.py", "constants.py"}
# What a view or an API module may not do by itself; writing belongs to the actions.
WRITES = {"save", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
MANAGER_WRITES = WRITES | {"create"}
DOORS = {
    "views.py", "api.py", "evidence_views.py", "roster_views.py", "consumers.py", "matrix_views.py",
    "edition_views.py", "edition_api.py", "arbitration_views.py", "share_views.py", "share_api.py",
    "order_views.py", "order_api.py", "dispatch_views.py", "dispatch_api.py",
    "command_views.py", "command_api.py", "drill_views.py", "drill_api.py",
    "checklist_views.py", "checklist_api.py", "bundle_views.py", "bundle_api.py", "erasure_views.py",
}  # fmt: skip

CODE = [
    path
    for floor in FLOORS
    for path in sorted((settings.BASE_DIR / floor).rglob("*.py"))
    if "migrations" not in path.parts
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE}


def name_of(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield path, node


def where(path: Path, node: ast.AST) -> str:
    return f"{name_of(path)}:{node.lineno}"


def test_imports_point_down():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_foreign_keys_point_down():
    rank = {label: number for number, label in enumerate(FLOORS)}
    ours = [model for model in apps.get_models() if model._meta.app_label in rank]
    assert ours
    upward = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in ours
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation
        if rank.get(field.related_model._meta.app_label, 0) > rank[model._meta.app_label]
    ]
    assert upward == []


def test_no_file_is_long():
    lengths = {name_of(path): path.read_text(encoding="utf-8").count("\n") for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_no_function_is_long():
    lengths = {where(path, node): node.end_lineno - node.lineno + 1 for path, node in functions()}
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_no_file_has_a_name_that_says_nothing():
    assert [name_of(path) for path in CODE if path.name in FORBIDDEN_NAMES] == []


def test_state_and_loop_are_moved_by_the_machine_alone():
    found = [
        where(path, call)
        for path, call in calls()
        # The insurance side has states of its own and writes no case (tests/insurance/test_the_floor.py).
        if not name_of(path).startswith("insurance/")
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"update", "filter_update"}
        and {keyword.arg for keyword in call.keywords} & {"state", "loop"}
    ]
    found += [
        where(path, node)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr in {"state", "loop"}
        if isinstance(target.value, ast.Name) and target.value.id == "case"
    ]
    assert found == []


def test_time_is_read_from_one_place():
    found = [
        where(path, call)
        for path, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"now", "utcnow", "today"}
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"datetime", "date"}
        # A client outside the district (the simulator) has a clock of its own.
        and not name_of(path).startswith("config/demo/")
    ]
    assert found == []


def test_acts_take_their_time_from_the_clock():
    # The wall clock is asked where the act's own time is not meant: the ledger's second stamp, tokens, the demo.
    # A proof is worth what the time on it is worth, which no demo may move.
    proof = {"notary/checkpoints.py", "notary/handing.py", "notary/seeing.py", "notary/witnessing.py"}
    # Chains are named by the clock of the machine, and so is the month in which one lies.
    archive = {"notary/archiving/taking.py", "notary/archiving/altering.py", "responsibility/shelf.py"}
    allowed = {"responsibility/clock.py", "responsibility/ledger.py", "responsibility/tokens.py", *proof, *archive}
    # PostgreSQL ends a login by its own clock.
    allowed |= {"desk/management/commands/auditor_login.py"}
    found = {
        name_of(path)
        for path, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "now"
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "timezone"
        and path.is_relative_to(settings.BASE_DIR)
        and path.relative_to(settings.BASE_DIR).parts[0] != "config"
    }
    assert found <= allowed


def test_no_work_depends_on_a_message():
    found = [
        where(path, call)
        for path, call in calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"delay", "apply_async", "send_task"}
    ]
    assert found == []


def test_views_and_api_write_nothing_themselves():
    found = [
        where(path, call)
        for path, call in calls()
        if path.name in DOORS and isinstance(call.func, ast.Attribute) and _writes(call.func)
    ]
    assert found == []


def _writes(function: ast.Attribute) -> bool:
    """``x.objects...create()`` and its like, or any ``.save()``/``.delete()``."""
    chain = ast.unparse(function.value)
    if function.attr in {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}:
        return True
    return function.attr in MANAGER_WRITES and ".objects" in chain


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-miner.txt"])
def test_the_lock_files_name_no_address_and_no_restricted_licence(name):
    text = (settings.BASE_DIR / name).read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-zA-Z0-9._-]+)(?:\[.*?\])?==", text, re.MULTILINE)
    assert pinned
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)", text, re.MULTILINE)
    assert "django-fsm" not in pinned
    lines = [line for line in text.splitlines() if re.match(r"[a-zA-Z]", line)]
    assert text.count("--hash=sha256:") >= len(lines)
    assert [line for line in lines if "==" not in line] == []


def test_the_restricted_state_machine_is_not_installed():
    from importlib.metadata import distributions

    assert "django-fsm" not in {dist.metadata["Name"].lower() for dist in distributions()}


def _speaks_for_itself(node: ast.AST) -> bool:
    """App configurations, and commands with their ``help``."""
    bases = {ast.unparse(base) for base in getattr(node, "bases", [])}
    helped = any(isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "help" for line in node.body)
    return "AppConfig" in bases or (node.name == "Command" and helped)


def test_public_functions_and_classes_say_what_they_are():
    found = [
        f"{where(path, node)} {node.name}"
        for path, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not _speaks_for_itself(node) and not ast.get_docstring(node)
    ]
    assert found == []


def test_modules_with_code_say_what_they_hold():
    silent = [
        name_of(path)
        for path, tree in TREES.items()
        if tree.body and not ast.get_docstring(tree) and path.name != "apps.py"
    ]
    assert silent == []


def test_the_lock_names_no_address():
    locks = sorted(settings.BASE_DIR.glob("requirements*.txt"))
    assert len(locks) >= 2
    assert [path.name for path in locks if "://" in path.read_text(encoding="utf-8")] == []
