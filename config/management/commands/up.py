"""`manage.py up`: everything one machine needs, from empty folder to serving."""

import contextlib
import errno
import http.client
import os
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from config.celery import CASES, INSURANCE
from config.embedded import paths
from config.embedded.process import ServerError, run_here
from config.embedded.servers import Servers
from config.embedded.supervisor import Stopped, Supervisor, stopping_on_signals

HOST = "127.0.0.1"
READY_TIMEOUT = 60.0  # seconds
QUIET_WORKER = ("--without-gossip", "--without-mingle")  # none has anything to say to another
# The insurance side has a process of its own: there it may hang, and no clock of a case waits for it.
WORKERS = {
    "worker": ("--concurrency", "4", "-Q", CASES, "-n", "worker@%h"),
    "insurance": ("--concurrency", "2", "-Q", INSURANCE, "-n", "insurance@%h"),
}
# Who asked on whose behalf is read in config/asgi.py; screens have nothing to say.
WEB_OPTIONS = ("--no-proxy-headers", "--ws-max-size", "4096")
DEMO_PEOPLE = "sijing-duty · sijing-head · sijing-handler · jiuting-duty · chengyun-lead · chengyun-check · admin"


class Command(BaseCommand):
    """Start servers, prepare the database, run web, worker and beat until a signal comes."""

    help = "启动全部服务 / start everything and serve until stopped."
    requires_system_checks = ()  # the child that prepares the database runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--prepare` is the part that touches the database, and runs as a child of the rest."""
        parser.add_argument("--prepare", action="store_true", help="只准备数据库与静态文件 / only prepare")

    def handle(self, *args: object, **options: object) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; anything that fails ends in one sentence and exit code 1."""
        try:
            if options["prepare"]:
                self.prepare()
            else:
                with stopping_on_signals():
                    self.run_all()
        except ServerError as error:
            raise CommandError(str(error)) from error
        except Stopped:
            self.say("已停止 stopped")

    def run_all(self) -> None:
        """Bring the parts up in order and watch them."""
        os.umask(0o077)
        var_dir = Path(settings.VAR_DIR)
        for name in ("evidence", "log", "valkey"):
            paths.create_private(var_dir / name)
        servers = Servers(var_dir, step=self.step)
        with contextlib.ExitStack() as stack:
            stack.callback(servers.stop)
            servers.claim()
            _refuse_taken_port(settings.PORT)
            servers.start()
            if run_here(_manage("up", "--prepare"), cwd=settings.BASE_DIR) != 0:
                raise ServerError("准备失败，原因见上 / preparing failed; the lines above say why.")
            supervisor = Supervisor(settings.BASE_DIR, servers.log_dir, watched=servers.children)
            stack.callback(supervisor.stop)
            self.serve(supervisor, var_dir)

    def serve(self, supervisor: Supervisor, var_dir: Path) -> None:
        """Start our own processes, say when they answer, and watch until something ends."""
        schedule = var_dir / "run" / "beat-schedule"
        with self.step("网页 web、任务 worker、时钟 beat"):
            supervisor.add("web", _web())
            for name, options in WORKERS.items():
                # Cases go on without the insurance side.
                spare = name != "worker"
                supervisor.add(name, _celery("worker", "--pool", "threads", *options, *QUIET_WORKER), spare=spare)
            supervisor.add("beat", _celery("beat", "--schedule", schedule))
            for path in ("/healthz", "/readyz"):
                _wait_for(path, supervisor)
        self.say(f"日志 logs {supervisor.log_dir}")
        self.say(f"ready http://{HOST}:{settings.PORT}")
        supervisor.watch()

    def prepare(self) -> None:
        """Bring database, static files and data to the state this version expects; safe to repeat."""
        with self.step("检查 check"):
            self.check()
            _refuse_dead_servers()
        with self.step("迁移 migrate", talks=True):
            call_command("migrate", interactive=False)
        with self.step("静态文件 static"):
            call_command("collectstatic", interactive=False, verbosity=0)
        with self.step("区域数据 district", talks=True):
            call_command("load_district")
        if settings.DEMO:
            with self.step("演示数据 demo", talks=True):
                call_command("load_demo")
            self.say(f"演示账号 demo people: {DEMO_PEOPLE} …\n  密码 password: bihuan-demo")
            self.say("演示密钥 demo source key:")
            call_command("demo_key")

    def say(self, text: str, ending: str = "\n") -> None:
        """Print at once: somebody, or a script, waits for the line."""
        self.stdout.write(text, ending=ending)
        self.stdout.flush()

    @contextlib.contextmanager
    def step(self, label: str, talks: bool = False) -> Iterator[None]:
        """Show a step and the seconds it took; one that `talks` prints lines of its own between."""
        began = time.monotonic()
        self.say(f"{label} …", ending="\n" if talks else " ")
        try:
            yield
        except BaseException:
            self.say("")
            raise
        self.say(f"{'  ' if talks else ''}{time.monotonic() - began:.1f} s")


def _manage(*words: str) -> list[str | Path]:
    return [sys.executable, Path(settings.BASE_DIR) / "manage.py", *words]


def _web() -> list[str]:
    # A page that never ends must not hold up the stop.
    options = (*WEB_OPTIONS, "--no-access-log", "--timeout-graceful-shutdown", "5")
    address = ("--host", HOST, "--port", str(settings.PORT))
    return [sys.executable, "-m", "uvicorn", "config.asgi:application", *address, *options]


def _celery(*words: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "celery", "-A", "config", *words, "--loglevel", "INFO"]


def _refuse_dead_servers() -> None:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise ServerError(f"数据库无法连接 / the database does not answer; is DATABASE_URL right? {error}") from None
    try:
        redis.from_url(settings.REDIS_URL).ping()
    except (redis.RedisError, ValueError) as error:
        raise ServerError(f"消息服务无法连接 / the broker does not answer; is REDIS_URL right? {error}") from None


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise ServerError(f"无权使用端口 / no right to use port {port}. Remedy: make run PORT=8000") from error
            raise ServerError(
                f"端口 {port} 已被占用 / port {port} is taken by another program. Remedy: make run PORT={port + 1}"
            ) from error


def _wait_for(path: str, supervisor: Supervisor) -> None:
    """Return when `path` answers 200. Raises ServerError when a child ends or the time is up."""
    until = time.monotonic() + READY_TIMEOUT
    while True:
        supervisor.check()
        answer = _ask(path)
        if answer.startswith("200"):
            return
        if time.monotonic() > until:
            web = supervisor.children[0]
            raise web.failure(f"{path} 在 {READY_TIMEOUT:.0f} 秒内未就绪 / did not answer 200 but: {answer}")
        time.sleep(0.1)


def _ask(path: str) -> str:
    """Return status and beginning of the answer, or what went wrong; no proxy is ever asked."""
    connection = http.client.HTTPConnection(HOST, settings.PORT, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read(500).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
