"""Where the embedded servers keep their sockets, and the addresses that follow from it."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

DATABASE = "bihuan"
DATABASE_USER = "app"
POSTGRES_PORT = 5432  # names the socket file only: no TCP port is ever opened

# The kernel stops at 107 bytes; some clients count differently, so keep clear of it.
SOCKET_LIMIT = 100


def runtime_dir(var_dir: Path) -> Path:
    """Return the folder for sockets: `var_dir/run`, or a short one for a long path.

    The short folder's name depends on `var_dir` alone, so every process finds the same one. Nothing
    is created. Raises PermissionError where somebody else could have put sockets there.
    """
    folder = Path(var_dir).resolve() / "run"
    if _fits(folder):
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"bihuan-{os.getuid()}-{digest}"
    _refuse_strangers(short)
    return short


def create_runtime_dir(var_dir: Path) -> Path:
    """Make the folder for sockets, closed to everybody else. Raises as `runtime_dir`, and OSError."""
    folder = runtime_dir(var_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return runtime_dir(var_dir)  # asked again: what was there in the meantime is checked


def create_private(folder: Path) -> None:
    """Make ``folder`` where it is missing, and close it to everybody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _fits(folder: Path) -> bool:
    # libpq reads a comma in `host` as a list of hosts, and has no way to escape one.
    longest = os.fsencode(folder / "pg" / f".s.PGSQL.{POSTGRES_PORT}")
    return len(longest) <= SOCKET_LIMIT and b"," not in longest


def _refuse_strangers(folder: Path) -> None:
    """The temporary directory is open to all: a stranger's folder there would receive our data."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(
            f"{folder} 不属于本用户 / {folder} exists but is not a folder of ours alone. "
            f"Remedy: remove it, or set VAR_DIR to a shorter path."
        )


def postgres_socket_dir(var_dir: Path) -> Path:
    """Return the folder of PostgreSQL's socket; its own, because PostgreSQL's account must own it."""
    return runtime_dir(var_dir) / "pg"


def redis_socket(var_dir: Path) -> Path:
    """Return the path of the Redis-protocol server's socket."""
    return runtime_dir(var_dir) / "valkey.sock"


def database_url(var_dir: Path) -> str:
    """Return the address of the embedded database.

    The port stands in it so that a PGPORT in somebody's shell does not change the socket's name.
    """
    host = quote(str(postgres_socket_dir(var_dir)), safe="/")
    return f"postgresql://{DATABASE_USER}@:{POSTGRES_PORT}/{DATABASE}?host={host}"


def redis_url(var_dir: Path) -> str:
    """Return the embedded broker's address as redis-py and channels_redis read it."""
    return "unix://" + quote(str(redis_socket(var_dir)), safe="/")


def celery_url(redis_url: str) -> str:
    """Return the same server's address as Celery reads it, who spells a socket differently."""
    return redis_url.replace("unix://", "redis+socket://", 1)
