"""Proof that a text is ours: compact JWS (RFC 7515) under this installation's Ed25519 key, and its public half as JWKS (RFC 7517).

For what leaves the house and may be shown to a third party: intake receipts, messages to other systems. Not for stored values
(core/sealing.py). A key that was replaced no longer signs; its public half stays in the key set, so that what it signed still verifies.
"""

from __future__ import annotations

import json
import os
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
from core.logs import log_event
from core.sealing import key_source

ALGORITHM = "EdDSA"
MASTER_KEY = "proof"
RETIRED = "proof.retired."


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
    """The public half of our key, then of those it replaced, as a JWKS; holds nothing private. A damaged file of one keeps no other out."""
    ours = _public(_private_key())
    replaced = [_retired(file) for file in sorted(key_source().folder.glob(f"{RETIRED}*.json"))]
    return {"keys": [ours, *(key for key in replaced if key and key["kid"] != ours["kid"])]}


def _retired(file: Path) -> dict[str, Any] | None:
    try:
        key = OKPKey.import_key(json.loads(file.read_bytes()))
        if key.is_private or f"{RETIRED}{key.kid}.json" != file.name:
            raise ValueError("not the public half that its name says")
        return _public(key)
    except (OSError, ValueError, TypeError, JoseError) as error:
        log_event(
            "ERROR: a replaced key cannot be read: restore it, what it signed does not verify", file=file.name, error=type(error).__name__
        )
        return None


def rotate() -> tuple[str, str]:
    """A new key signs from now on, also in processes that run; gives the `kid` of the old key and of the new one.

    Of the old key only the public half is kept. A crash in between leaves the old key in force.
    """
    folder, old = key_source().folder, _private_key()
    _write_durably(folder / f"{RETIRED}{old.kid}.json", json.dumps(_public(old)).encode(), 0o444)
    _write_durably(folder / f"{MASTER_KEY}.key", os.urandom(32), 0o400)
    return str(old.kid), str(_private_key().kid)


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    draft.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _public(key: OKPKey) -> dict[str, Any]:
    return key.as_dict(private=False) | {"alg": ALGORITHM, "use": "sig"}


def _private_key() -> OKPKey:
    folder = key_source().folder
    try:
        found = (folder / f"{MASTER_KEY}.key").stat()
    except FileNotFoundError:
        return _key_in(folder, (0, 0))  # says what is missing
    return _key_in(folder, (found.st_ino, found.st_mtime_ns))


@lru_cache(maxsize=4)
def _key_in(_: Path, __: tuple[int, int]) -> OKPKey:
    """The key of an installation, read once for each file it is in: an intake signs hundreds a second."""
    seed = key_source().master_key(MASTER_KEY)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": urlsafe_b64encode(public).decode(), "d": urlsafe_b64encode(seed).decode()}
    )
    key.ensure_kid()
    return key
