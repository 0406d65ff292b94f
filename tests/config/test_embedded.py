"""The embedded servers: addresses, crashes, left-overs and refusals, each with real servers and signals."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import kombu
import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from config.embedded import account, paths, postgres
from config.embedded.process import Child, ServerError, leftovers, start
from config.embedded.reset import reset
from config.embedded.servers import AlreadyRunningError, Servers
from config.embedded.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
HASTY = {"fsync": "off", "max_connections": "17"}

HOLD = """
import sys, time
from pathlib import Path
from config.embedded.reset import reset
from config.embedded.servers import Servers
servers = Servers(Path(sys.argv[1]))
servers.start()
print(*(child.process.pid for child in servers.children), flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "PG_BIN_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space and Chinese in its name, which PostgreSQL's own account may enter too."""
    place = Path(tempfile.mkdtemp(prefix="闭环 "))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture
def var_dir(folder: Path) -> Path:
    return folder / "var"


def hold_in_other_process(var_dir: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Start servers in another process; return it and the servers' process ids."""
    environment = {**os.environ, "DEMO": "1", "VAR_DIR": str(var_dir)}
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, var_dir], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    return other, [int(pid) for pid in other.stdout.readline().split()]


def write_everywhere(var_dir: Path) -> None:
    with psycopg.connect(paths.database_url(var_dir)) as database:
        database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.from_url(paths.redis_url(var_dir)).set("kept", 42)


def read_everywhere(var_dir: Path) -> tuple[object, object]:
    with psycopg.connect(paths.database_url(var_dir)) as database:
        row = database.execute("SELECT answer FROM kept").fetchone()
    assert row is not None
    return row[0], redis.from_url(paths.redis_url(var_dir)).get("kept")


# --- addresses ---------------------------------------------------------------


def test_sockets_stand_below_var_dir_and_urls_survive_odd_characters(var_dir: Path) -> None:
    odd = var_dir / "50% é"
    parts = conninfo_to_dict(paths.database_url(odd))
    assert paths.runtime_dir(odd) == odd / "run"
    assert parts["host"] == str(odd / "run" / "pg")
    assert (parts["user"], parts["dbname"], parts["port"]) == ("app", "bihuan", "5432")
    assert unquote(urlsplit(paths.redis_url(odd)).path) == str(paths.redis_socket(odd))


@pytest.mark.parametrize("name", ["x" * 90, "环" * 30, "a,b"], ids=["long", "long in bytes", "comma"])
def test_a_path_no_socket_can_have_moves_sockets_to_a_short_folder(folder: Path, name: str) -> None:
    short = paths.runtime_dir(folder / name)
    assert short.parent == Path(tempfile.gettempdir())
    assert short == paths.runtime_dir(folder / name)
    assert short != paths.runtime_dir(folder / name / "other")
    assert not short.exists()
    try:
        assert paths.create_runtime_dir(folder / name).stat().st_mode & 0o777 == 0o700
    finally:
        short.rmdir()


def test_a_short_folder_that_others_can_write_is_refused(folder: Path) -> None:
    short = paths.create_runtime_dir(folder / ("x" * 90))
    try:
        short.chmod(0o777)
        with pytest.raises(PermissionError, match=short.name):
            paths.runtime_dir(folder / ("x" * 90))
    finally:
        short.rmdir()


def test_only_a_socket_is_spelt_differently_for_celery() -> None:
    assert paths.celery_url("unix:///a%20b/valkey.sock") == "redis+socket:///a%20b/valkey.sock"
    assert paths.celery_url("rediss://host:6380/2") == "rediss://host:6380/2"


# --- running -----------------------------------------------------------------


def test_servers_answer_at_their_addresses_and_nowhere_else(var_dir: Path) -> None:
    with Servers(var_dir, postgres_settings=HASTY) as servers:
        with psycopg.connect(paths.database_url(var_dir)) as database:
            shown = [
                database.execute(f"SHOW {name}").fetchone()
                for name in ("listen_addresses", "fsync", "max_connections", "server_encoding")
            ]
        with kombu.Connection(paths.celery_url(paths.redis_url(var_dir))) as broker:
            queue = broker.SimpleQueue("probe")
            queue.put("hint")
            assert queue.get(timeout=5).payload == "hint"
            queue.close()
        assert shown == [("",), ("off",), ("17",), ("UTF8",)]
        assert paths.postgres_socket_dir(var_dir).stat().st_mode & 0o777 == 0o700
        pids = [child.process.pid for child in servers.children]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_database_is_created_again_when_it_is_missing(var_dir: Path) -> None:
    with Servers(var_dir, postgres_settings=HASTY):
        admin = paths.database_url(var_dir).replace("/bihuan?", "/postgres?")
        with psycopg.connect(admin, autocommit=True) as database:
            database.execute("DROP DATABASE bihuan")
    with Servers(var_dir, postgres_settings=HASTY), psycopg.connect(paths.database_url(var_dir)) as database:
        assert database.info.dbname == "bihuan"


def test_data_survives_kill_9_of_supervisor_and_servers(var_dir: Path) -> None:
    other, pids = hold_in_other_process(var_dir)
    write_everywhere(var_dir)
    time.sleep(1.2)  # the broker promises to have written what is a second old
    for pid in (other.pid, *pids):
        os.kill(pid, signal.SIGKILL)
    other.communicate()
    with Servers(var_dir):
        assert read_everywhere(var_dir) == (42, b"42")


def test_servers_do_not_outlive_a_killed_supervisor(var_dir: Path) -> None:
    other, _ = hold_in_other_process(var_dir)
    write_everywhere(var_dir)
    other.kill()
    other.communicate()
    with Servers(var_dir):  # starts at once, though the former servers are still on their way out
        assert read_everywhere(var_dir) == (42, b"42")
    assert not [*leftovers("postgres", var_dir / "pg" / "18"), *leftovers("valkey-server", var_dir / "valkey")]


def test_a_lock_file_whose_number_now_belongs_to_another_process_does_not_hinder(var_dir: Path) -> None:
    with Servers(var_dir, postgres_settings=HASTY):
        write_everywhere(var_dir)
        lock = next((var_dir / "pg").glob("*/postmaster.pid"))
        lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    socket_lock = paths.postgres_socket_dir(var_dir) / ".s.PGSQL.5432.lock"
    socket_lock.write_text("\n".join([str(os.getpid()), *lines[1:5]]) + "\n")
    with Servers(var_dir, postgres_settings=HASTY):
        assert read_everywhere(var_dir) == (42, b"42")


def test_an_interrupted_initdb_is_done_again(var_dir: Path) -> None:
    half = var_dir / "pg" / f"{postgres.major_version(postgres.find_binaries())}.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with Servers(var_dir, postgres_settings=HASTY):
        write_everywhere(var_dir)
    assert not half.exists()


def test_a_long_path_works(folder: Path) -> None:
    var_dir = folder / ("deep " * 20)
    try:
        with Servers(var_dir, postgres_settings=HASTY):
            write_everywhere(var_dir)
            assert read_everywhere(var_dir) == (42, b"42")
    finally:
        shutil.rmtree(paths.runtime_dir(var_dir))


# --- refusing ----------------------------------------------------------------


def test_one_folder_serves_one_supervisor(var_dir: Path) -> None:
    first = Servers(var_dir)
    first.claim()
    with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
        Servers(var_dir).start()
    first.stop()
    second = Servers(var_dir)
    second.claim()
    second.stop()


def test_given_addresses_start_nothing(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/bihuan")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    with Servers(var_dir) as servers:
        assert servers.children == []
    assert not (var_dir / "pg").exists()
    assert not (var_dir / "valkey").exists()


@pytest.mark.parametrize(("place", "written"), [("14", "14"), ("17", "17"), ("{found}", "16")])
def test_data_of_another_major_version_is_refused_and_left_alone(var_dir: Path, place: str, written: str) -> None:
    found = postgres.major_version(postgres.find_binaries())
    marker = var_dir / "pg" / place.format(found=found) / "PG_VERSION"
    marker.parent.mkdir(parents=True)
    marker.write_text(f"{written}\n")
    with pytest.raises(ServerError, match=rf"PostgreSQL {written}\b.*\n?.*PG_BIN_DIR"):
        Servers(var_dir).start()
    assert [*marker.parent.iterdir()] == [marker]


def test_a_wrong_folder_of_programs_is_named(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN_DIR", str(var_dir))
    with pytest.raises(ServerError, match="PG_BIN_DIR"):
        Servers(var_dir).start()
    other = Servers(var_dir)
    other.claim()  # a failed start holds nothing
    other.stop()


def test_a_var_dir_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(ServerError, match="file"):
        Servers(folder / "file").start()


def test_root_without_namespaces_falls_back_to_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "succeeds", lambda command: command[0] == "setpriv")
    chosen = account.choose(Path("postgres"), Path("/"))
    assert chosen.uid != 0
    assert f"--reuid={chosen.uid}" in chosen.prefix
    monkeypatch.setattr(account, "succeeds", lambda command: False)
    with pytest.raises(ServerError, match="DATABASE_URL"):
        account.choose(Path("postgres"), Path("/"))


# --- supervising -------------------------------------------------------------


def shell(folder: Path, script: str) -> Child:
    return start("shell", ["sh", "-c", script], folder / "shell.log")


def test_a_child_that_ends_is_reported_with_the_end_of_its_log(folder: Path) -> None:
    (folder / "broken.log").write_text("from an earlier start\n")
    supervisor = Supervisor(folder, folder)
    supervisor.add("steady", ["sleep", "60"])
    supervisor.add("broken", ["sh", "-c", "echo the reason; exit 3"])
    with pytest.raises(ServerError, match=r"broken .* code 3.*\n +the reason\n") as caught:
        supervisor.watch(pause=0.01)
    assert "earlier" not in str(caught.value)
    steady = supervisor.children[0]
    supervisor.stop()
    assert steady.ended()


def test_a_child_that_is_spare_is_started_again_and_nothing_falls_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.embedded.supervisor.AGAIN", 0.2)
    supervisor = Supervisor(folder, folder)
    supervisor.add("steady", ["sleep", "60"])
    first = supervisor.add("spare", ["sleep", "60"], spare=True)
    try:
        first.process.kill()
        first.process.wait()
        supervisor.check()
        until = time.monotonic() + 10
        while supervisor.children[1] is first and time.monotonic() < until:
            supervisor.check()
            time.sleep(0.05)
        assert not supervisor.children[1].ended()
        assert not supervisor.children[0].ended()
    finally:
        supervisor.stop()


def test_a_child_that_is_quicker_than_we_are_still_has_its_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Quick(subprocess.Popen):
        """Returns only when the child has ended."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.wait()

    monkeypatch.setattr(subprocess, "Popen", Quick)
    assert shell(folder, "echo the reason").tail() == "    the reason"


def test_a_child_that_resists_is_killed_with_its_own_children(folder: Path) -> None:
    child = shell(folder, "trap '' TERM; sleep 61 & echo $!; wait; sleep 62")
    while not (told := child.tail().split()):
        time.sleep(0.01)
    child.stop(grace=0.3)
    state = Path(f"/proc/{told[0]}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_another_server_on_the_usual_port_is_no_hindrance(var_dir: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody listens there already: the very case
            taken.bind(("127.0.0.1", 5432))
        with Servers(var_dir, postgres_settings=HASTY):
            write_everywhere(var_dir)


# --- resetting ---------------------------------------------------------------


def test_reset_removes_our_folder_but_neither_one_in_use_nor_a_stranger(var_dir: Path, folder: Path) -> None:
    (folder / "thesis").touch()
    with pytest.raises(ServerError, match="nothing removed"):
        reset(folder)
    servers = Servers(var_dir)
    servers.claim()
    with pytest.raises(AlreadyRunningError):
        reset(var_dir)
    servers.stop()
    assert "removed" in reset(var_dir)
    assert [*folder.iterdir()] == [folder / "thesis"]
