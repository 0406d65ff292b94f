"""One POST to an address that somebody typed, so that nothing but a public host is reached by it.

The name is looked up once, what comes back is judged, and the connection goes to the very address that was judged: a
name that changes its meaning in between leads nowhere else. Redirects are not followed, certificates are checked, what
is answered is not read beyond its first line and headers.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
from threading import Timer
from urllib.parse import urlsplit

from django.conf import settings

# For each step of the way, and for the whole of it; seconds.
STEP, WHOLE = 5, 12
LONGEST = 500
# Addresses in which another is wrapped, which a gateway of the network might unwrap.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotReached(Exception):
    """It was not delivered. The text is a word for why, never the address."""


def parts(url: str) -> tuple[str, int, str]:
    """Host (as DNS spells it), port and path of ``url``; ``ValueError`` for what is no plain https address."""
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in (" ", "\\")) or len(url) > LONGEST:
        raise ValueError("not plain")
    read = urlsplit(url)
    if read.scheme != "https" or not read.hostname or read.username is not None or read.fragment:
        raise ValueError("no https address")
    path = read.path or "/"
    port = 443 if read.port is None else read.port
    if not 0 < port < 65536:
        raise ValueError("port")
    return read.hostname.rstrip("."), port, f"{path}?{read.query}" if read.query else path


def is_public(text: str) -> bool:
    """Whether the address ``text`` lies outside every private, local or special network, however it is wrapped."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64 or address in NAT64_LOCAL or address.teredo or address.sixtofour or address.is_site_local:
            return False
        if address.ipv4_mapped:
            address = address.ipv4_mapped
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def allowed(host: str) -> bool:
    """Whether the installation names ``host`` as one that may lie inside a network."""
    return host.lower() in {each.lower() for each in settings.HOOK_HOSTS}


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST ``body`` and give the status of the answer; ``NotReached`` where none came in time."""
    host, port, path = parts(url)
    connection = _Judged(host, port)
    try:
        connection.request("POST", path, body, {"User-Agent": "Bihuan", **headers})
        return connection.getresponse().status
    except NotReached:
        raise
    except ssl.SSLCertVerificationError:
        raise NotReached("certificate") from None
    except TimeoutError:
        raise NotReached("timeout") from None
    except ssl.SSLError:
        raise NotReached("tls") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise NotReached("late" if connection.is_over else "connection") from None
    finally:
        connection.close()


class _Judged(http.client.HTTPSConnection):
    """A connection to an address that was judged first; it ends after ``WHOLE`` seconds, come what may."""

    def __init__(self, host: str, port: int):
        super().__init__(host, port, timeout=STEP, context=_context())
        self.is_over = False
        self._timer: Timer | None = None

    def connect(self) -> None:
        """To one of the addresses of the name, all of which have to be public."""
        plain = _plain(_judged(self.host, self.port), self.port)
        self.sock = _context().wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self._timer = Timer(WHOLE, self._end)
        self._timer.daemon = True
        self._timer.start()
        self.sock.do_handshake()

    def _end(self) -> None:
        self.is_over = True
        if self.sock is not None:
            # The plain one: the secured one would first want to say goodbye. It may have ended in this instant.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """As the parent, and stop the watch."""
        if self._timer is not None:
            self._timer.cancel()
        super().close()


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.HOOK_CA_FILE:
        context.load_verify_locations(settings.HOOK_CA_FILE)
    return context


def _plain(addresses: list[str], port: int) -> socket.socket:
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), timeout=STEP)
    return socket.create_connection((addresses[-1], port), timeout=STEP)


def _judged(host: str, port: int) -> list[str]:
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise NotReached("name") from None
    if not found or not (allowed(host) or all(map(is_public, found))):
        raise NotReached("address")
    # Waiting for more of them would be waiting for long.
    return found[:2]
