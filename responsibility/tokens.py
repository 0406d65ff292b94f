"""API tokens of people: ``Authorization: Token <token>``."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from responsibility import confining, looking
from responsibility.looking import Seen
from responsibility.models import Token, User

LIFETIME = timedelta(days=30)


def digest(secret: str) -> str:
    """SHA-256, hex. The secrets are long and random, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue(user: User, door: str = "", address: str = "") -> str:
    """A new token for ``user``, valid for 30 days, shown this once.

    An entry the first time in a minute, and one for how often it came again (``looking``).
    """
    secret = secrets.token_urlsafe(32)
    seen = Seen("token.issue", "account", str(user.pk), user.username, {"address": address, "door": door}, door)
    with transaction.atomic():
        Token.objects.create(user=user, digest=digest(secret), expires_at=timezone.now() + LIFETIME)
        looking.write([seen], user)
    return secret


class TokenAuthentication(BaseAuthentication):
    """Read the person from the ``Authorization: Token`` header."""

    def authenticate(self, request):
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "token":
            return None
        token = Token.objects.select_related("user").filter(digest=digest(secret.strip())).first()
        if token is None or token.expires_at <= timezone.now() or not token.user.is_active:
            who = token.user if token else None
            known = (str(who.pk), who.username) if who else ("", "")
            looking.note(request._request, Seen("token.refuse", "account", *known, {"door": request.path}, about=who))
            raise AuthenticationFailed(_("令牌无效或已过期。"), code="token_invalid")
        confining.admit(request._request, token.user)
        return token.user, token

    def authenticate_header(self, request):
        return "Token"


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema tells of it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Token <token>"}
