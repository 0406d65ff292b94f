"""The account PostgreSQL runs under, because it refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from .process import ServerError, succeeds

OVERFLOW = "65534"  # the id that owns nothing
NAMESPACE = ("unshare", "-U", f"--map-user={OVERFLOW}", f"--map-group={OVERFLOW}")


@dataclass(frozen=True)
class Account:
    """Who owns the files, and the command prefix that makes a process run so."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()


def choose(program: Path, folder: Path) -> Account:
    """Return the account that can run `program` and reach `folder`.

    An ordinary user is taken as is. Root, and a user id without a name, which initdb refuses too,
    first try a user namespace: there files stay theirs, and the project may lie below a closed
    folder such as root's home. Then root tries `postgres` and `nobody`.
    Raises ServerError when nothing works.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 and _has_name(uid):
        return Account(uid, gid)
    if succeeds([*NAMESPACE, program, "--version"]):
        return Account(uid, gid, NAMESPACE)
    probes: tuple[tuple[str | Path, ...], ...] = ((program, "--version"), ("test", "-x", folder))
    for name in ("postgres", "nobody"):
        account = _named(name)
        if account and all(succeeds([*account.prefix, *probe]) for probe in probes):
            return account
    raise ServerError(
        f"PostgreSQL 不能以用户 {uid} 运行 / PostgreSQL refuses to run as user {uid}, and neither a user "
        f"namespace nor the accounts postgres and nobody can reach {program} and {folder}.\n"
        "Remedy: run as an ordinary user with a name, move the project out of root's home, or set DATABASE_URL."
    )


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _named(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    ids = (f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups")
    return Account(found.pw_uid, found.pw_gid, ("setpriv", *ids, "--"))


def hand_over(folder: Path, account: Account) -> None:
    """Make `account` own `folder` and all in it: the way of running may have changed since last time."""
    if os.geteuid() != 0:
        return
    if folder.stat().st_uid != account.uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def let_through(folder: Path, account: Account) -> None:
    """Let another account pass through `folder` to what it owns inside, without listing it."""
    if account.uid != os.geteuid():
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o011)
