"""HTTP through WSGI mounted beside the sockets: two to four times as fast as the same views under ASGI."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware  # noqa: E402

http = get_wsgi_application()

from django.urls import path  # noqa: E402

from cases.consumers import BoardConsumer  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.refusing import legible  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": Bridge(legible(http), pause=settings.BODY_PAUSE_SECONDS),  # type: ignore[dict-item]
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter([path("ws/board/", BoardConsumer.as_asgi())]))
        ),
    }
)
if settings.TRUSTED_PROXIES:
    application = ProxyHeadersMiddleware(application, settings.TRUSTED_PROXIES)  # type: ignore[assignment, arg-type]
