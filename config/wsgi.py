"""HTTP alone, for servers that keep sockets elsewhere and bound bodies and slow clients themselves."""

import os

from django.core.wsgi import get_wsgi_application

from config.refusing import legible

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = legible(get_wsgi_application())
