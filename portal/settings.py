"""Settings. What differs between places comes from the environment; a value that makes no sense stops the start."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

from portal import logs, plugins, rest
from portal.lib import addresses
from portal.lib.env import Env, database, mailer

env = Env()
ROOT = Path(__file__).resolve().parent.parent

# Where we are and what is around us
PORTAL_DATA = env.path("PORTAL_DATA", ROOT / ".portal")
PORTAL_BASE_URL = env.text("PORTAL_BASE_URL", f"http://localhost:{env.number('PORTAL_PORT', 8000)}").rstrip("/")
PROMETHEUS_URL = env.text("PROMETHEUS_URL")
WATCHDOG_URL = env.text("WATCHDOG_URL")
PORTAL_ANONYMOUS_READ = env.flag("PORTAL_ANONYMOUS_READ")
PORTAL_ALLOW_PRIVATE_ADDRESSES = env.words("PORTAL_ALLOW_PRIVATE_ADDRESSES")  # for locations and webhooks
addresses.allowed(PORTAL_ALLOW_PRIVATE_ADDRESSES)  # nonsense stops the start
PORTAL_LOCATION_ROOTS = env.folders("PORTAL_LOCATION_ROOTS")
PORTAL_CHANGES_KEPT_DAYS = env.number("PORTAL_CHANGES_KEPT_DAYS", 0)  # 0: for ever
PORTAL_DELIVERIES_KEPT_DAYS = env.number("PORTAL_DELIVERIES_KEPT_DAYS", 14)
PORTAL_API_WRITES_PER_MINUTE = env.number("PORTAL_API_WRITES_PER_MINUTE", 6_000)  # of one token or account; 0: no limit
PORTAL_API_READS_PER_MINUTE = env.number("PORTAL_API_READS_PER_MINUTE", 12_000)
PORTAL_API_ANONYMOUS_PER_MINUTE = env.number("PORTAL_API_ANONYMOUS_PER_MINUTE", 600)  # of one address
PORTAL_REOPEN_MINUTES = env.number("PORTAL_REOPEN_MINUTES", 30)  # what fires again sooner is the same incident
PORTAL_CAUSE_MINUTES = env.number("PORTAL_CAUSE_MINUTES", 30)  # what breaks downstream within so long is a symptom
PORTAL_SYMPTOM_GRACE_MINUTES = env.number("PORTAL_SYMPTOM_GRACE_MINUTES", 5)  # to clear once its cause has ended
PORTAL_FLAPPING_OPENINGS = env.number("PORTAL_FLAPPING_OPENINGS", 5)  # more in an hour are flapping
PORTAL_FLAPPING_QUIET_MINUTES = env.number("PORTAL_FLAPPING_QUIET_MINUTES", 30)
PORTAL_QUIET_SECONDS = env.number("PORTAL_QUIET_SECONDS", 30)  # a worker without wake-ups for so long helps itself
PORTAL_BUNDLE_SECONDS = env.number("PORTAL_BUNDLE_SECONDS", 2)  # a further page waits so long for company
PORTAL_NOTIFICATIONS_KEPT_DAYS = env.number("PORTAL_NOTIFICATIONS_KEPT_DAYS", 400)  # 0: for ever
PORTAL_REVIEW_SEVERITY = env.number("PORTAL_REVIEW_SEVERITY", 2)  # P1 to so much are reviewed; 0: none by itself
PORTAL_DEMO = env.flag("PORTAL_DEMO")
PORTAL_DEMO_SIMULATOR = env.text("PORTAL_DEMO_SIMULATOR")  # its address, and the token to break things with
PORTAL_DEMO_TOKEN = env.text("PORTAL_DEMO_TOKEN")
PORTAL_DEMO_PACE = env.text("PORTAL_DEMO_PACE", "story")  # see portal/demo/platform/pace.yaml
PORTAL_DOCS_EDIT_URL = env.text("PORTAL_DOCS_EDIT_URL")  # of the folder of docs in a repository's web editor
PORTAL_EMBED_ANCESTORS = env.sources("PORTAL_EMBED_ANCESTORS", ("'self'",))  # who may frame cards

DEBUG = env.flag("PORTAL_DEBUG")
# bin/up makes a key of its own and keeps it in the data folder; without one nothing that is signed outlives the process
SECRET_KEY = env.text("PORTAL_SECRET_KEY", "unsafe-without-PORTAL_SECRET_KEY")
SECRET_KEY_FALLBACKS = list(env.words("PORTAL_SECRET_KEY_FALLBACKS"))
ALLOWED_HOSTS = list(env.words("PORTAL_ALLOWED_HOSTS", ("*",)))
CSRF_TRUSTED_ORIGINS = [PORTAL_BASE_URL, *env.words("PORTAL_TRUSTED_ORIGINS")]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "portal",
    "catalog",
    "slo",
    "incidents",
    *(["portal.demo"] if PORTAL_DEMO else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.RequestContext",
    "portal.middleware.StorableAddress",
    "portal.middleware.ReaderZone",
    "portal.middleware.ExpectedFailures",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.shell",
            ],
        },
    }
]

# PostgreSQL: given, or the embedded one that bin/up started (it hands its URL to every child)
DATABASES = {
    "default": database(env.url("DATABASE_URL", ("postgres", "postgresql")) or urlsplit("postgres:///portico"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis is broker, cache and throttle where given; else files and the database serve one machine
REDIS_URL = env.text("REDIS_URL")
PORTAL_SHARED_RATES = bool(REDIS_URL)  # the database would take longer to count a request than to answer it
CACHES: dict[str, dict[str, object]] = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "portico",
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"}
    )
}

CELERY_BROKER_URL = REDIS_URL or "files://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 300, "socket_timeout": 5, "socket_connect_timeout": 2}
    if REDIS_URL
    else {
        "data_folder_in": str(PORTAL_DATA / "broker" / "queue"),
        "data_folder_out": str(PORTAL_DATA / "broker" / "queue"),
        "control_folder": str(PORTAL_DATA / "broker" / "control"),
        "polling_interval": 0.1,
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_SCHEDULE_FILENAME = str(PORTAL_DATA / "beat-schedule")

REST_FRAMEWORK = rest.REST_FRAMEWORK
SPECTACULAR_SETTINGS = rest.SPECTACULAR_SETTINGS

MAILERS = {"default": mailer(env.url("EMAIL_URL", ("smtp", "smtps")))}
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "Portico <portico@localhost>")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = PORTAL_DATA / "static"
# hashed names and compression once collected (bin/up does); plain files in tests and for looking
COLLECTED = ((STATIC_ROOT / "staticfiles.json").exists() or env.flag("PORTAL_COLLECT_STATIC")) and not DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

AUTHENTICATION_BACKENDS = ["catalog.accounts.AccountBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_RESET_TIMEOUT = 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],  # Plotly writes style elements; nothing of ours does
    "img-src": [CSP.SELF, "data:", "blob:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
HTTPS = PORTAL_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "portico_session"
CSRF_COOKIE_NAME = "portico_csrf"
CSRF_FAILURE_VIEW = "portal.pages.failures.too_old"
PORTAL_BEHIND_PROXY = env.flag("PORTAL_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PORTAL_BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

LOGGING = logs.config(form=env.text("PORTAL_LOG", "text"), level=env.text("PORTAL_LOG_LEVEL", "INFO"))
logs.configure()

# Last, for a plugin may ask for settings when it is imported
PORTAL_PLUGINS_OFF = env.words("PORTAL_PLUGINS_OFF")  # names of plugins to leave out; * for all
INSTALLED_APPS += plugins.find(off=PORTAL_PLUGINS_OFF, beside=INSTALLED_APPS)
