"""The sending side, a process of its own: keep-alive connections that send prepared bytes and wait for the answer.

Reads from stdin ``{"port", "connections", "seconds", "keep", "requests": [{"method", "path", "headers", "body"}]}``;
``seconds`` 0 means until all are sent. Writes ``{"count", "seconds", "latencies" (ms), "failed", "first_failure",
"bodies"}``; an answer outside 200–299 is a failure, ``bodies`` is filled when ``keep`` asks for it.
"""

import json
import socket
import sys
import threading
import time

HOST = "127.0.0.1"


def _prepared(request: dict) -> bytes:
    body = request.get("body", "").encode()
    headers = {"Host": HOST, "Content-Length": str(len(body)), **request.get("headers", {})}
    lines = [f"{request.get('method', 'GET')} {request['path']} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _exchange(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    connection.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _blank, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    parts, got = [body], len(body)
    while got < length:
        parts.append(_more(connection))
        got += len(parts[-1])
    return int(head[9:12]), b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 18)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


class Run:
    """All connections of one run, taking from one list of requests."""

    def __init__(self, spec: dict):
        self.spec = spec
        self.waiting = iter([_prepared(request) for request in spec["requests"]])
        self.lock = threading.Lock()
        self.latencies: list[float] = []
        self.failures: list[str] = []
        self.bodies: list[str] = []

    def _connection(self, until: float) -> None:
        with socket.create_connection((HOST, self.spec["port"]), timeout=120) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < until:
                with self.lock:
                    request = next(self.waiting, None)
                if request is None:
                    return
                began = time.perf_counter()
                status, body = _exchange(connection, request)
                self.latencies.append((time.perf_counter() - began) * 1000)
                if not 200 <= status < 300:
                    self.failures.append(f"{status} {body[:500].decode(errors='replace')}")
                if self.spec["keep"]:
                    self.bodies.append(body.decode())

    def __call__(self) -> dict:
        began = time.perf_counter()
        until = began + (self.spec["seconds"] or float("inf"))
        threads = [threading.Thread(target=self._connection, args=[until]) for _ in range(self.spec["connections"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "count": len(self.latencies),
            "seconds": time.perf_counter() - began,
            "latencies": self.latencies,
            "failed": len(self.failures),
            "first_failure": self.failures[0] if self.failures else "",
            "bodies": self.bodies,
        }


if __name__ == "__main__":
    json.dump(Run(json.load(sys.stdin))(), sys.stdout)
