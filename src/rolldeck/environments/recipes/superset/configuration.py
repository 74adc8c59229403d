"""Superset's configuration, read by Superset itself (``SUPERSET_CONFIG_PATH``) inside its own virtual environment.

It holds what is the same in every environment. What differs (metadata file, signing key, data source) is set on the
application by ``application.py``, after the fork.
"""

# mypy: ignore-errors
# These libraries live in Superset's virtual environment, not in Rolldeck's.

import os

from superset.utils.encrypt import AbstractEncryptedFieldAdapter, EncryptedType

# Only Superset's start reads these two; each environment replaces them.
SQLALCHEMY_DATABASE_URI = os.environ["ROLLDECK_METADATA_URI"]
SECRET_KEY = os.urandom(32).hex()


class TemplateKeyAdapter(AbstractEncryptedFieldAdapter):
    """Encrypts columns with the template's key, so that SECRET_KEY can be another one in each environment.

    Nothing secret is ever stored in them: the data source's real password is put in when a connection is made.
    """

    def create(self, app_config, *args, **kwargs):  # noqa: ARG002
        """Return the type of an encrypted column."""
        return EncryptedType(*args, lambda: "rolldeck-template", **kwargs)


SQLALCHEMY_ENCRYPTED_FIELD_TYPE_ADAPTER = TemplateKeyAdapter

# One process, no Redis, no Celery, no rate limits, no network.
CELERY_CONFIG = None
RESULTS_BACKEND = None
RATELIMIT_ENABLED = False
AUTH_RATE_LIMITED = False
SQL_VALIDATORS_BY_ENGINE = {}
COMPRESS_REGISTER = False
SLACK_API_TOKEN = None
SQLLAB_TIMEOUT = 30
SUPERSET_WEBSERVER_TIMEOUT = 60

# The session is made before the first page, for a browser that is not known yet: it cannot be bound to one.
SESSION_PROTECTION = None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# The page may reach its own origin only: this also silences Superset's one outside request, a telemetry pixel.
CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
