"""How a centre's key is called: the same name for whoever works it out, the centre's own client or the registry."""

from __future__ import annotations

import hashlib
import re

CENTRE_CODE = re.compile(r"[0-9]{6}[A-Z][0-9]{3}")


def app_key_of(centre_code: str, public_key: bytes) -> str:
    """The centre's code and the beginning of the key's SHA-256 (`keyid` of the signature)."""
    return f"{centre_code}-{hashlib.sha256(public_key).hexdigest()[:16]}"
