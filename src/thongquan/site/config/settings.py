"""Django's settings, read from the environment; everything has a safe default.

THONGQUAN_DATA      the folder of everything that is not code: database, secret key, custodians' keys
DATABASE_URL        sqlite:///file (below THONGQUAN_DATA unless absolute) or postgres://user@host:port/name
THONGQUAN_SECRET_KEY, THONGQUAN_SECRET_KEY_FALLBACKS (comma separated); else a generated file, mode 0600
THONGQUAN_HOSTS     names that this site answers to, comma separated
THONGQUAN_HTTPS     "off" only behind nothing, on one's own machine
THONGQUAN_PROXY     "on" behind a proxy that encrypts and that sets X-Forwarded-Proto itself, whatever a client sends
THONGQUAN_LOG_LEVEL what is logged: INFO (a server's default: every request and decision), WARNING, …
THONGQUAN_DEBUG     "on" only on a developer's own machine
THONGQUAN_PACK      whose law this site applies: the name of a pack; else the one that `thongquan init` wrote down
THONGQUAN_SANDBOX   "on": an installation to try things in, with a database and numbers of its own; it takes the keys
                    of sandbox clients only, and a real one refuses those. Else what `thongquan init` wrote down; a
                    database that was opened as the other kind is refused (`sandbox`)
THONGQUAN_API_RATE  requests of one client in a minute, for each process that answers; "0" for no limit
THONGQUAN_WEBHOOK_NETWORKS  private networks that webhooks may reach beside public addresses, comma separated
"""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.csp import CSP

from ..kit.secrets import secret_key
from . import logs
from .databases import database
from .office import data_folder, told


def _listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


DATA = data_folder()
DEBUG = os.environ.get("THONGQUAN_DEBUG") == "on"
HTTPS = os.environ.get("THONGQUAN_HTTPS") != "off"
BEHIND_PROXY = os.environ.get("THONGQUAN_PROXY") == "on"
_office = told(DATA)
PACK = os.environ.get("THONGQUAN_PACK") or (_office.pack if _office else "gb")
SANDBOX = (os.environ.get("THONGQUAN_SANDBOX") or ("on" if _office and _office.sandbox else "off")) == "on"
API_RATE = int(os.environ.get("THONGQUAN_API_RATE") or 6_000)
WEBHOOK_NETWORKS = _listed("THONGQUAN_WEBHOOK_NETWORKS")

SECRET_KEY = secret_key(DATA)
SECRET_KEY_FALLBACKS = _listed("THONGQUAN_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = _listed("THONGQUAN_HOSTS", "localhost,127.0.0.1,[::1]")

DATABASES = {"default": database(os.environ.get("DATABASE_URL") or "sqlite:///thongquan.sqlite3", DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "thongquan.site.record",
    "thongquan.site.accounts",
    "thongquan.site.entry",
    "thongquan.site.reference",
    "thongquan.site.parties",
    "thongquan.site.ledger",
    "thongquan.site.papers",
    "thongquan.site.clearance",
    "thongquan.site.dashboards",
    "thongquan.site.config",
]

MIDDLEWARE = [
    "thongquan.site.config.health.HealthPages",
    "thongquan.site.config.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "thongquan.site.config.door.ApiDoor",
    # Above all that may answer itself with a page: for a host that is not ours, a body that is too long, a fault.
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "thongquan.site.entry.sessions.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "thongquan.site.entry.sessions.PageLanguage",
    "thongquan.site.entry.sessions.LegalZone",
    "thongquan.site.entry.sessions.NoNul",
    "thongquan.site.entry.sessions.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "thongquan.site.config.urls"
ASGI_APPLICATION = "thongquan.site.config.asgi.application"

# Static files come straight from the package: nothing has to be collected before a start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

LOGGING = logs.configured(os.environ.get("THONGQUAN_LOG_LEVEL") or "WARNING")

AUTH_USER_MODEL = "accounts.User"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # of a one-time code; it also ends when it is used
# Argon2id; a password that an earlier version hashed with scrypt is hashed anew when its owner signs in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SITE = Path(__file__).resolve().parent.parent
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SITE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "thongquan.site.entry.shell.frame",
            ],
            "builtins": ["thongquan.site.kit.tags"],
        },
    },
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [SITE / "static"]

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
# Instants are stored and compared in UTC; the pack's zone turns them into legal days.
TIME_ZONE = "UTC"
USE_TZ = True

SECURE_SSL_REDIRECT = HTTPS
# Believed only where it is said that a proxy sets it: anybody else could claim to be encrypted.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
# The longest that any session lives; `entry.sessions` ends each one by its own limits, read from the session itself.
SESSION_COOKIE_AGE = 24 * 60 * 60
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "thongquan.site.entry.shell.forbidden"
X_FRAME_OPTIONS = "DENY"
# A page of a long declaration has many fields; a file comes whole or is refused.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
