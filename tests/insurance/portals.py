"""What the tests of the portals bring about: cases, covers, a system that listens by https."""

import ipaddress
import json
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import transaction

from alerts import intake
from alerts.formats import item
from cases.models import Case
from insurance.policies.models import Cover
from responsibility import clock
from tests.cases.conftest import alert
from tests.insurance.conftest import told

DAY = timedelta(days=1)


def opened(source, name: str, **fields) -> Case:
    """A case of its own in the town of Sijing."""
    place = {"lat": 31.1144, "lon": 121.2683}
    raw = alert(**({"external_id": f"portal-{name}", "object": f"PORTAL-{name}", "location": place} | fields))
    return Case.objects.get(number=intake.receive(source, [raw], item.read)[0].case)


@transaction.atomic
def covered(policy, case: Case, **fields) -> Cover:
    """As the sweep of covers writes it."""
    now = clock.now()
    found = {"at": case.opened_at, "until": now + 700 * DAY, "found_at": now} | fields
    found = {"shown_until": found["until"] if policy.confirmed_until else None} | found
    cover = Cover.objects.create(policy=policy, case=case, **found)
    told(policy, "policy.cover", policy.number)
    return cover


@dataclass
class Listener:
    """A real server: what came, what it answers (status, pause in seconds, headers)."""

    port: int = 0
    file: str = ""
    came: list[tuple[dict, bytes]] = field(default_factory=list)
    status: int = 204
    pause: float = 0
    headers: dict = field(default_factory=dict)
    drips: bool = False

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook?of=bihuan"

    def bodies(self) -> list[dict]:
        return [json.loads(body) for _headers, body in self.came]


def certificate(folder: Path, name: str = "localhost") -> tuple[str, str]:
    """Paths of a certificate for ``name`` that signs itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    to_pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(to_pem))
    files[1].write_bytes(key.private_bytes(to_pem, serialization.PrivateFormat.PKCS8, plain))
    return str(files[0]), str(files[1])


def listen(folder: Path) -> tuple[Listener, ThreadingHTTPServer]:
    """Start one; shut the server down in the end."""
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.came.append((dict(self.headers), body))
            time.sleep(heard.pause)
            if heard.drips:
                return self._drip()
            self.send_response(heard.status)
            for name, value in heard.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            return self.end_headers()

        def _drip(self):
            for sign in "HTTP/1.1 200 OK and so on for a long while, one sign after the other":
                self.wfile.write(sign.encode())
                self.wfile.flush()
                time.sleep(0.5)

        def log_message(self, *args):
            pass

    class Quiet(ThreadingHTTPServer):
        # Whoever hangs up early is what some of the tests are about.
        def handle_error(self, *args):
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    crt, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    heard.port, heard.file = server.server_address[1], crt
    Thread(target=server.serve_forever, daemon=True).start()
    return heard, server
