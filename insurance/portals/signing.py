"""How a message to a hook is signed: the symmetric form of Standard Webhooks 1.0 (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
# 24 to 64 bytes are allowed.
BYTES = 32


def fresh_secret() -> str:
    """A new secret as it is shown to people: ``whsec_`` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def signature(secret: str, key: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and base64 of HMAC-SHA256 over ``key.timestamp.body``; ``timestamp`` in seconds since 1970."""
    content = f"{key}.{timestamp}.".encode() + body
    made = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), content, hashlib.sha256)
    return "v1," + base64.b64encode(made.digest()).decode()


def headers(secret: str, key: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the standard."""
    return {
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, key, timestamp, body),
    }
