"""Proof that a text is ours: compact JWS (RFC 7515) under this installation's Ed25519 key, and its public half as JWKS (RFC 7517).

For what leaves the house and may be shown to a third party: intake receipts, messages to other systems. Not for stored values
(core/sealing.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import KeySet, OKPKey
from joserfc.util import urlsafe_b64encode

from core.errors import NotAllowed
from core.sealing import key_source

ALGORITHM = "EdDSA"
MASTER_KEY = "proof"


class _OneAlgorithm(jws.JWSRegistry):
    """EdDSA and nothing else, as agreed. (The library's own check warns that RFC 9864 has a newer name for it.)"""

    max_payload_length = 4 * 1024 * 1024  # a receipt lists up to 500 notices

    def get_alg(self, name: str) -> JWSAlgModel:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError("only EdDSA is agreed")
        return self.algorithms[name]


_REGISTRY = _OneAlgorithm()


class NotOurs(NotAllowed):
    """A compact JWS is broken, was changed, or is signed by no key of the given set."""


def sign(payload: Mapping[str, Any] | bytes, *, kind: str) -> str:
    """A compact JWS of the payload (bytes as they are, a mapping as JSON).

    Args:
        kind: `typ` of the protected header, so that one kind of proof can never be shown as another.
    """
    key = _private_key()
    content = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, content, key, registry=_REGISTRY)


def opened(compact: str, key_set: Mapping[str, Any], *, kind: str) -> bytes:
    """The payload of a compact JWS that a key of `key_set` (a JWKS) signed as this kind.

    Raises:
        NotOurs: it is no JWS, was changed, is of another kind, or was signed by a key that is not in the set.
    """
    try:
        found = jws.deserialize_compact(compact, KeySet.import_key_set(dict(key_set)), registry=_REGISTRY)  # type: ignore[arg-type]
    except (JoseError, ValueError) as error:
        raise NotOurs(
            f"a {kind} does not verify ({type(error).__name__}): fetch the key set again, then ask for the {kind} again"
        ) from error
    if found.headers().get("typ") != kind:
        raise NotOurs(f"this proof is not a {kind}")
    return found.payload


def public_key_set() -> dict[str, Any]:
    """The public half of our key as a JWKS; holds nothing private."""
    return {"keys": [_private_key().as_dict(private=False) | {"alg": ALGORITHM, "use": "sig"}]}


def _private_key() -> OKPKey:
    return _key_in(key_source().folder)


@lru_cache(maxsize=4)
def _key_in(folder: Path) -> OKPKey:
    """The key of an installation, read once: it never changes under a running process, and an intake signs hundreds a second."""
    seed = key_source().master_key(MASTER_KEY)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": urlsafe_b64encode(public).decode(), "d": urlsafe_b64encode(seed).decode()}
    )
    key.ensure_kid()
    return key
