"""The centres' request signature (agreement section 7.2; RFC 9421, RFC 9530): made and checked here and nowhere else.

Nothing about it is optional: no argument has a default, so no caller can forget a check.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from core.errors import NotAllowed

COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
_COVERED_AS_SIGNED = frozenset(f'"{name}"' for name in COVERED)
PARAMETERS = frozenset({"created", "nonce", "keyid", "alg", "tag"})
MAX_AGE_SECONDS = 300
LONGEST_NONCE = 128
LABEL = "guitu"

FindKey = Callable[[str], bytes | None]
"""The 32 bytes of the trusted public key of this name, or None."""


class Tag(StrEnum):
    """What a signature is for; one made for one purpose counts for no other."""

    PUSH = "release-notices"
    UPLOAD = "release-notices-upload"
    DAY = "release-notices-day"


class SignatureRefused(NotAllowed):
    """The request is not proven to be the centre's; the message says what to look at, never what was received."""


@dataclass(frozen=True)
class Signed:
    """What a good signature proves: the key that made it, its nonce, and the two headers it covers; the body is not seen yet."""

    app_key: str
    nonce: str
    idempotency_key: str
    content_digest: str

    def check_body(self, body: bytes) -> str:
        """The body is the one that was signed; gives its SHA-256 (hex).

        Raises:
            SignatureRefused: it is not, or the digest is not the agreed sha-256.
        """
        found = hashlib.sha256(body).digest()
        if not hmac.compare_digest(self.content_digest.encode(), b"sha-256=:" + b64encode(found) + b":"):
            raise SignatureRefused("Content-Digest is not the sha-256 of the body: form it over the exact bytes sent")
        return found.hex()


@dataclass(frozen=True)
class _Message:
    method: str
    url: str
    headers: Headers


class Headers:
    """Header lines in order, a name may come more than once; what the signature library asks of a message's headers."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self._lines = list(lines)

    def items(self) -> list[tuple[str, str]]:
        """Every line."""
        return self._lines


class _Trusted(HTTPSignatureKeyResolver):
    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        found = self._find_key(key_id)
        return _public_key(found) if found else None

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        raise NotImplementedError("we hold no centre's private key")


@lru_cache(maxsize=4096)
def _public_key(public_bytes: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_bytes)


class _Verifier(HTTPMessageVerifier):
    # The library adds its clock tolerance to the greatest age: with an age of 0 both directions are the agreed 300 seconds.
    max_clock_skew = timedelta(seconds=MAX_AGE_SECONDS)


def verify(method: str, target_uri: str, headers: Headers, tag: Tag, find_key: FindKey) -> Signed:
    """The headers are signed as agreed, for this address and purpose, by a trusted key, within 300 seconds.

    Args:
        target_uri: our configured public address with the path; never what the request or a proxy says.

    Raises:
        SignatureRefused: anything about it is not as agreed.
    """
    _check_form(headers)
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_Trusted(find_key))
    try:
        results = verifier.verify(_Message(method, target_uri, headers), max_age=timedelta(0), expect_tag=tag.value)
    except InvalidSignature as error:
        raise SignatureRefused(_advice(error)) from None
    except (HTTPMessageSignaturesException, ValueError, TypeError, KeyError, OverflowError) as error:
        raise SignatureRefused(_FORM) from error
    if len(results) != 1:
        raise SignatureRefused(f"exactly one signature with tag {tag.value} is agreed")
    parameters, covered = results[0].parameters, results[0].covered_components
    # What the library's require_components asks, without its reading the covered names a second time.
    if not covered.keys() >= _COVERED_AS_SIGNED:
        raise SignatureRefused(f"all of these must be covered: {', '.join(COVERED)}")
    missing = PARAMETERS - set(parameters)
    if missing:
        raise SignatureRefused(f"signature parameters are missing: {', '.join(sorted(missing))}")
    if int(parameters.get("expires", time.time())) < int(time.time()):
        raise SignatureRefused("the signature has expired")
    nonce = str(parameters["nonce"])
    if not 1 <= len(nonce) <= LONGEST_NONCE:
        raise SignatureRefused(f"the nonce has 1 to {LONGEST_NONCE} characters")
    return Signed(str(parameters["keyid"]), nonce, covered['"idempotency-key"'], covered['"content-digest"'])


def _check_form(headers: Headers) -> None:
    """One signature, every parameter once: of two, structured fields let the last one win, and another reader might take the first."""
    told = [value for name, value in headers.items() if name.lower() == "signature-input"]
    names = re.findall(r";[ \t]*([a-z*][a-z0-9_.*-]*)", told[0]) if len(told) == 1 else []
    if not names or len(set(names)) != len(names):
        raise SignatureRefused(_FORM)


_FORM = "Signature-Input and Signature are not as agreed (RFC 9421, section 7.2 of the agreement)"


def _advice(error: InvalidSignature) -> str:
    """The library's reason where it holds nothing received, in words that help."""
    reason = str(error)
    if "future" in reason or "age exceeds" in reason:
        return f"`created` is over {MAX_AGE_SECONDS} seconds from our clock: compare yours with the Date header of this answer"
    if "tag or label" in reason:
        return "no signature with the agreed tag"
    if "verification key" in reason:
        return "keyid names no trusted key: it is not registered, not in force, or disabled"
    return f"{_FORM}, or the signature does not fit this request, address and key"


@dataclass(frozen=True)
class Signature:
    """How one request is signed: for what, by which key, with a nonce never used before, at which time (a centre's clock, in UTC)."""

    tag: Tag
    app_key: str
    key: Ed25519PrivateKey
    nonce: str
    created_at: datetime


def sign(method: str, url: str, headers: dict[str, str], body: bytes, how: Signature) -> None:
    """`headers` (with Content-Type and Idempotency-Key) get Content-Digest, Signature-Input and Signature."""
    keys = MappingKeyResolver(public_keys={}, private_keys={how.app_key: how.key})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=keys).sign(
        _ToSign(method, url, headers),
        key_id=how.app_key,
        created=how.created_at,
        nonce=how.nonce,
        label=LABEL,
        tag=how.tag.value,
        include_alg=True,
        covered_component_ids=[name for name in COVERED if name != "content-digest"],  # added with the body
        body=body,
    )


@dataclass
class _ToSign:
    method: str
    url: str
    headers: Mapping[str, str]
