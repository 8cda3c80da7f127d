"""What the environment says: where the database, the raw bytes and the keys are."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path

from core.errors import FixConfiguration, MissingSecret

PROJECT = Path(__file__).resolve().parent.parent


def local_state() -> Path:
    """The folder for a single machine's state (database, raw bytes, keys) where nothing else is set."""
    return Path(os.environ.get("GUITU_HOME", PROJECT / "var"))


def database_url() -> str:
    """The PostgreSQL address, in SQLAlchemy's psycopg form.

    Raises:
        MissingSecret: GUITU_DATABASE_URL is not set.
    """
    url = os.environ.get("GUITU_DATABASE_URL", "")
    if not url:
        raise MissingSecret("GUITU_DATABASE_URL is not set: give a PostgreSQL URL, or run `make demo` for an embedded one")
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgresql", "postgres"} else url


def raw_url() -> str:
    """Where raw deliveries are kept (an fsspec address)."""
    return os.environ.get("GUITU_RAW_URL") or (local_state() / "raw").as_uri()


def keys_folder() -> Path:
    """The folder with the key files."""
    return Path(os.environ.get("GUITU_KEYS") or local_state() / "keys")


class LinkScorer(StrEnum):
    """Who weighs the likeness of rows that no sure number holds."""

    OURS = "ours"
    SPLINK_DUCKDB = "splink-duckdb"
    SPLINK_SPARK = "splink-spark"


def link_scorer() -> LinkScorer:
    """The scorer that GUITU_LINK_SCORER names; ours where it is not set.

    Raises:
        FixConfiguration: it names another one.
    """
    named = os.environ.get("GUITU_LINK_SCORER") or LinkScorer.OURS
    try:
        return LinkScorer(named)
    except ValueError as error:
        raise FixConfiguration(f"GUITU_LINK_SCORER is none of {', '.join(LinkScorer)}: set one of them, or none") from error


def province_folder() -> Path | None:
    """A directory to take every feed from instead of the providers' servers, or None."""
    folder = os.environ.get("PROVINCE", "")
    return Path(folder) if folder else None


def webhook_authority() -> str | None:
    """File of the authority that vouches for the webhooks' servers, or None for those the machine trusts anyway."""
    return os.environ.get("GUITU_WEBHOOK_CA") or None


def provider_connection(provider: str) -> dict[str, str]:
    """Address and credentials of one provider, from ``GUITU_PROVIDER_<NAME>`` as ``key=value`` pairs split by spaces,
    or from an Airflow connection in the environment (``AIRFLOW_CONN_PROVIDER_<NAME>``, JSON form).

    Raises:
        MissingSecret: neither is set.
        FixConfiguration: what is set cannot be read, or its port is none; the message names the setting, never what it holds.
    """
    name = provider.upper()
    ours, airflow = f"GUITU_PROVIDER_{name}", f"AIRFLOW_CONN_PROVIDER_{name}"
    if os.environ.get(ours):
        found = _pairs(ours)
    elif os.environ.get(airflow):
        found = _airflow_connection(airflow)
    else:
        raise MissingSecret(f"no connection for provider {provider}: set {airflow} (JSON) or {ours}")
    if found.get("port"):
        checked_port(found["port"], ours if os.environ.get(ours) else airflow)
    return found


def checked_port(given: str, setting: str) -> int:
    """The port that a setting gives.

    Raises:
        FixConfiguration: it is no number from 1 to 65535.
    """
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= 65535):
        raise FixConfiguration(f"the port in {setting} is no number from 1 to 65535: correct it there")
    return int(given)


def _pairs(setting: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in os.environ[setting].split()]
    if not all(name and equals for name, equals, _ in pairs):
        raise FixConfiguration(f"{setting} is not made of key=value pairs split by spaces (no space inside a value)")
    return {name: value for name, _, value in pairs}


def _airflow_connection(setting: str) -> dict[str, str]:
    try:
        given = json.loads(os.environ[setting])
        extra = given.pop("extra", None) or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
        return {name: str(value) for name, value in (given | extra).items() if value is not None}
    except (ValueError, TypeError, AttributeError):
        # `from None`: what could not be read holds a password.
        raise FixConfiguration(f"{setting} is no Airflow connection in JSON form (an object; `extra` an object or one as text)") from None
