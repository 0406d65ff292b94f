"""Keys of sub-platforms: ``Authorization: Bearer <key>``."""

import secrets

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from alerts.models import Source
from responsibility import looking, rows_told
from responsibility.copying import fetch
from responsibility.looking import Seen
from responsibility.tokens import digest


def issue(source: Source) -> str:
    """A new key for ``source``, shown this once; the former one is void at once."""
    key = secrets.token_urlsafe(32)
    source.key_digest = digest(key)
    with rows_told.told():
        source.save(update_fields=["key_digest"])
    return key


class SourceKey(BaseAuthentication):
    """Let in the source whose key is sent."""

    def authenticate(self, request):
        scheme, _space, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = fetch(Source, "key_digest = %s AND active", [digest(key.strip())])
        if not found:
            looking.note(request._request, Seen("key.refuse", "source", after={"door": request.path}))
            raise AuthenticationFailed(_("子平台密钥无效或已停用。"), code="bad_key")
        return found[0], None

    def authenticate_header(self, request):
        return "Bearer"


class SourceKeyScheme(OpenApiAuthenticationExtension):
    """How the schema tells of it."""

    target_class = SourceKey
    name = "sourceKey"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}


class IsSource(BasePermission):
    """Only a sub-platform, never a person."""

    message = _("此接口只接受子平台密钥。")
    code = "source_only"

    def has_permission(self, request, view):
        return isinstance(request.user, Source)
