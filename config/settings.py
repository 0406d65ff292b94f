"""The one settings file. Everything that differs between installations is read from the environment."""

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config import env
from config.embedded import paths

BASE_DIR = Path(__file__).resolve().parent.parent

# --- environment -------------------------------------------------------------
DEBUG = env.boolean("DEBUG", False)
# Without a database of its own the installation is a trial, and so are the commands typed beside it.
DEMO = env.boolean("DEMO", not env.text("DATABASE_URL"))
# Public by design: the sign-in page shows it, and the people it opens for are loaded in demo mode only.
DEMO_PASSWORD = "bihuan-demo"  # noqa: S105
PORT = env.integer("PORT", 8000, low=1, high=65535)
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")
DISTRICT_FILE = env.file("DISTRICT_FILE", BASE_DIR / "data" / "songjiang.json")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
DATABASE_URL = env.url("DATABASE_URL", paths.database_url(VAR_DIR), schemes=("postgresql", "postgres"))
REDIS_URL = env.url("REDIS_URL", paths.redis_url(VAR_DIR), schemes=("redis", "rediss", "unix"))


def _secret_key() -> str:
    given = env.text("SECRET_KEY")
    if given:
        return given
    if not DEMO:
        raise ImproperlyConfigured("SECRET_KEY 未设置 / is not set: give it any long random text, or set DEMO=1")
    kept = VAR_DIR / "secret-key"
    if not kept.exists():
        try:
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(50))
        except OSError as error:
            raise ImproperlyConfigured(f"VAR_DIR={str(VAR_DIR)!r} 不可写 / cannot be written: {error}") from None
    return kept.read_text()


SECRET_KEY = _secret_key()


def _database(url: str) -> dict:
    try:
        # libpq's own reader, so that sockets, options and IPv6 hosts all work as psql users expect.
        parts = conninfo_to_dict(url)
    except Exception as error:
        raise ImproperlyConfigured(f"DATABASE_URL 无法读取 / cannot be read: {error}") from None
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    settings = {known[key]: str(parts.pop(key)) for key in list(parts) if key in known}
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        **settings,
        # A connection opened per request costs several milliseconds of server time.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
        "TEST": {"TEMPLATE": "template0"},
    }


DATABASES = {"default": _database(DATABASE_URL)}

# --- applications ------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "js_lib_leaflet",
    "channels",
    "axes",
    "csp",
    "django_prometheus",
    "config",
    "responsibility",
    "notices",
    "handbook",
    "notary",
    "alerts",
    "resources",
    "cases",
    "accountability",
    "mining",
    "desk",
    "insurance.policies",
    "insurance.firms",
    "insurance.service",
    "insurance.findings",
    "insurance.claims",
    "insurance.portals",
    "retention",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestId",
    "config.witnessed.Witnessed",
    "config.middleware.Private",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.middleware.Refusals",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.confined.Auditors",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.district",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ------------------------------------------------------------------
AUTH_USER_MODEL = "responsibility.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
# The administrator's pages are for reference data; who is locked out waits, or `axes_reset` is run.
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_CALLABLE = "config.lockout.locked"
AXES_HANDLER = "config.lockout.ByNameToo"
# From all addresses together.
FAILURES_OF_A_NAME = 100
AXES_LOCKOUT_TEMPLATE = "responsibility/locked.html"
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not (DEMO or DEBUG)
SESSION_COOKIE_HTTPONLY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_TLS_PROXY", False) else None
# Only these may say on whose behalf they ask; without any, the address is that of the connection.
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES", [])
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 0 if DEMO or DEBUG else 31_536_000, low=0, high=100_000_000)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- language and time -------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env.zone("TIME_ZONE", "Asia/Shanghai")

# --- travel times: whatever answers as resources/travel.py says; the default is an approximation -----------
TRAVEL_TIMES = env.text("TRAVEL_TIMES") or "resources.travel.as_the_crow_drives"
# How much longer the road is than the straight line, and how fast an emergency vehicle gets along in a built-up
# district. Defaults of ours; the page shows the result as approximate.
TRAVEL_ROAD_FACTOR = 1.4
TRAVEL_SPEED_KMH = 30

# --- files -------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# How far the clock of a demo was set off; see `responsibility/clock.py`.
DEMO_CLOCK = VAR_DIR / "clock"
EVIDENCE_ROOT = VAR_DIR / "evidence"
# The keys that checkpoints of the ledger are signed with, and the name of the log in them: an address without a scheme,
# of this installation alone and never changed.
LEDGER_KEYS = env.folder("LEDGER_KEYS", VAR_DIR / "ledger-keys")
LEDGER_ORIGIN = env.text("LEDGER_ORIGIN") or "bihuan.local/ledger"
# Each checkpoint is also put here as a file of its own, never written twice: a share that another office keeps.
LEDGER_WITNESS_DIR = env.folder("LEDGER_WITNESS_DIR", VAR_DIR) if env.text("LEDGER_WITNESS_DIR") else None
# Months of the ledger that have gone into files, and how many months stay in the database whatever happens.
LEDGER_ARCHIVE = env.folder("LEDGER_ARCHIVE", VAR_DIR / "ledger-archive")
LEDGER_HOT_MONTHS = env.integer("LEDGER_HOT_MONTHS", 24, low=1, high=1200)
EVIDENCE_MAX_BYTES = env.integer("EVIDENCE_MAX_MB", 30, low=1, high=1000) * 1024 * 1024
INTAKE_MAX_BYTES = env.integer("INTAKE_MAX_MB", 10, low=1, high=100) * 1024 * 1024
INTAKE_MAX_ITEMS = 1000
# Somebody who sends or reads nothing for so long is left; waiting for him costs no thread.
BODY_PAUSE_SECONDS = env.integer("BODY_PAUSE_SECONDS", 20, low=1, high=600)
EXCHANGE_ROOT = VAR_DIR / "exchange"
# Sealed exports of the auditors' desk, encrypted; gone when they expire.
DESK_ROOT = VAR_DIR / "desk"
EXCHANGE_MAX_BYTES = env.integer("EXCHANGE_MAX_MB", 30, low=1, high=200) * 1024 * 1024
# A file that was brought and never imported is kept for so long, until a district sets it (`/retention/`).
EXCHANGE_KEEP_DAYS = env.integer("EXCHANGE_KEEP_DAYS", 7, low=1, high=3650)
DATA_UPLOAD_MAX_MEMORY_SIZE = INTAKE_MAX_BYTES
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# --- interfaces --------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "responsibility.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["responsibility.interface.Json"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "responsibility.interface.errors",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bihuan 闭环",
    "DESCRIPTION": "After the alarm: alerts, cases, loops, deadlines and the accountability ledger.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RequestKind": "cases.models.work.RequestKind",
        "RequestState": "cases.models.work.RequestState",
        "EvidenceKind": "cases.models.work.EvidenceKind",
        "DeadlineKind": "cases.models.clock.DeadlineKind",
        "CaseState": "cases.models.machine.State",
        "OrderState": "cases.models.order.OrderState",
        "Phase": "cases.models.command.Phase",
        "DispatchState": "cases.models.dispatch.DispatchState",
        "ResourceKind": "resources.models.ResourceKind",
        "Third": "resources.models.Third",
        "AdviceKind": "cases.models.order.AdviceKind",
        "UrgingKind": "cases.models.urging.UrgingKind",
        "PolicyState": "insurance.policies.models.Standing",
        "GradeEnum": "responsibility.models.Grade",
        "FirmGrade": "insurance.firms.scoring.Grade",
        "FirmVerdict": "insurance.firms.scoring.Verdict",
        "VerdictEnum": "accountability.musts.Verdict",
        "ServiceItem": "insurance.firms.models.Item",
        "EditionState": "responsibility.models.edition.EditionState",
    },
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# --- clock and messages ------------------------------------------------------
# A worker that is killed leaves its share to the next tick: two killed in a row cost two of them (five seconds in all).
SWEEP_SECONDS = 1
# An amber lamp is told within a minute; the shortest clock that is reminded of is an arrival of some twenty.
REMIND_SECONDS = 60
CHECKPOINT_SECONDS = 60
# What the search of the desk has not taken in yet it reads from the ledger itself.
INDEX_SECONDS = 20
REPEATS_SECONDS = 30
ROWS_SECONDS = 60
EXCHANGE_SECONDS = 3
# One derived from the other: the two libraries spell a socket differently.
CELERY_BROKER_URL = paths.celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
# A message is a tick and the rows know what is due, so it is acknowledged before the work. Acknowledged after it, one
# that was at work while the broker went away ends the whole worker (kombu 5.7 acknowledges on the closed channel).
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "bihuan"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- telling people ----------------------------------------------------------
NOTICE_SECONDS = 2
# A demo tells nobody outside: what would have left is written to this file.
NOTICES_SEND = env.boolean("NOTICES_SEND", not DEMO)
NOTICES_FILE = VAR_DIR / "messages.log"
PUBLIC_URL = env.url("PUBLIC_URL", "", schemes=("https", "http")).rstrip("/")
# The kinds of channels that may be set up, by their scheme in Apprise; webhooks to the hosts named here alone, because
# an address that anybody may type is a way into the network of this machine.
NOTICE_SCHEMES = env.words(
    "NOTICE_SCHEMES", ["wecombot", "dingtalk", "feishu", "lark", "spugpush", "twilio", "vonage", "smseagles"]
)
NOTICE_HOSTS = env.words("NOTICE_HOSTS", [])
_mail = env.mail("EMAIL_URL")
EMAIL_CONFIGURED = bool(_mail)
EMAIL_HOST, EMAIL_PORT = _mail.get("host", "localhost"), _mail.get("port", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("user", ""), _mail.get("password", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("tls", False), _mail.get("ssl", False)
EMAIL_TIMEOUT = 10
EMAIL_FROM = DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM", "bihuan@localhost")

# --- the insurance side ------------------------------------------------------
# It finds its work by query. Off, it finds none, and cases do not notice.
INSURANCE = env.boolean("INSURANCE", True)
INSURANCE_SECONDS = 5
# Hooks go to public addresses by https; to one inside a network only at a host that is named here. An insurer's own
# authority, as a file of certificates, is trusted beside those of the machine.
HOOK_HOSTS = env.words("HOOK_HOSTS", [])
HOOK_CA_FILE = env.text("HOOK_CA_FILE", "")

# --- logs --------------------------------------------------------------------
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])}
