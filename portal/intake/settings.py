"""What the environment says about the intake.

GUITU_INTAKE_PUBLIC_URL   the address centres know, e.g. https://guitu.example.cn: @target-uri is checked against it; required
GUITU_INTAKE_HOST, GUITU_INTAKE_PORT   where to listen (127.0.0.1, 8443 behind a TLS proxy of the same machine)
GUITU_INTAKE_WORKERS      processes (1)
GUITU_DATABASE_URL, GUITU_KEYS, GUITU_RAW_URL   as everywhere
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import FixConfiguration, MissingSecret

PUSH_PATH = "/api/v1/intake/detention_centers/release_notices"
DAYS_PATH = "/api/v1/intake/detention_centers/days"
KEYS_PATH = "/api/v1/intake/keys"
HEALTH_PATH = "/api/v1/intake/health"
FEED = "release_notices"
PROVIDER = "detention_centers"

MAX_BODY_BYTES = 5 * 1024 * 1024
BODY_SECONDS = 30.0
# Bodies being read or waiting; above that the answer is 503, and 429 for the one key that holds half of it.
MAX_WAITING, MAX_WAITING_PER_KEY = 512, 256
MAX_WAITING_BYTES = 64 * 1024 * 1024
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True)
class Settings:
    """Where to listen, and under which address centres know us."""

    public_url: str
    host: str
    port: int
    workers: int


def settings() -> Settings:
    """The settings of this process.

    Raises:
        MissingSecret: no public address is set.
        FixConfiguration: a setting cannot be read.
    """
    public = os.environ.get("GUITU_INTAKE_PUBLIC_URL", "").rstrip("/")
    if not public:
        raise MissingSecret("GUITU_INTAKE_PUBLIC_URL is not set: give the address centres know, like https://guitu.example.cn")
    parts = urlsplit(public)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise FixConfiguration("GUITU_INTAKE_PUBLIC_URL must be an address like https://guitu.example.cn, without a query")
    return Settings(public, os.environ.get("GUITU_INTAKE_HOST", "127.0.0.1"), _number("PORT", 8443), _number("WORKERS", 1))


def _number(name: str, default: int) -> int:
    text = os.environ.get(f"GUITU_INTAKE_{name}", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise FixConfiguration(f"GUITU_INTAKE_{name} must be a whole number from 1 to 65535")
    return int(text)
