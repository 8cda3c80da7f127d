"""The centres' keys are read again whatever went wrong at a reading: a thread that ended would keep a key that was switched off."""

import os
import time
from pathlib import Path

import pytest
import serving

from portal.intake import trusted_keys
from portal.intake.trusted_keys import TrustedKeys
from sandbox import postgres
from warehouse.intake.push import IntakeUnavailable


def test_a_database_that_is_not_what_it_should_be_is_asked_again_until_it_is(
    server_url: str, intake_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trusted_keys, "REFRESH_SECONDS", 0.05)
    centre = serving.Centre().registered()
    monkeypatch.setenv("GUITU_DATABASE_URL", postgres.create_database(server_url, f"not_migrated_{os.getpid()}"))
    keys = TrustedKeys()
    keys.start()
    try:
        with pytest.raises(IntakeUnavailable):
            keys.find(centre.app_key)
        monkeypatch.setenv("GUITU_DATABASE_URL", intake_environment["GUITU_DATABASE_URL"])
        until = time.monotonic() + 10
        while time.monotonic() < until and not is_known(keys, centre.app_key):
            time.sleep(0.05)
        assert is_known(keys, centre.app_key)
    finally:
        keys.stop()


def is_known(keys: TrustedKeys, app_key: str) -> bool:
    try:
        return keys.find(app_key) is not None
    except IntakeUnavailable:
        return False
