"""Field encryption and keyed blind indexes; the only module that touches a cipher for stored values.

A sealed value is ``format byte | 12-byte nonce | ciphertext and tag`` under AES-256-GCM or SM4-GCM (GUITU_CIPHER), with the
place (``schema.table.field``) as associated data, so that a value moved to another column no longer opens. A blind index is
HMAC-SHA-256 (or HMAC-SM3) under a key of its own, cut to 16 bytes: an unkeyed hash of an ID number falls to a search of the
2^37 possible numbers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import FixConfiguration, MissingSecret
from core.logs import log_event
from core.settings import keys_folder

AES_GCM, SM4_GCM = 1, 2
NONCE_BYTES = 12
INDEX_BYTES = 16
MASTER_KEYS = ("sealing", "index", "raw", "proof")


class KeySource(Protocol):
    """Where master keys come from: a folder today, a key service or an HSM tomorrow."""

    def master_key(self, name: str) -> bytes:
        """32 bytes for the named purpose."""


class KeyFolder:
    """Master keys as files of 32 bytes, readable by their owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def master_key(self, name: str) -> bytes:
        path = self.folder / f"{name}.key"
        try:
            key = path.read_bytes()
        except FileNotFoundError as error:
            raise MissingSecret(f"no key file {name}.key in the keys folder: run `python -m warehouse create-keys`") from error
        if len(key) != 32:
            raise FixConfiguration(f"key file {name}.key must hold exactly 32 bytes")
        return key

    def create_missing(self) -> list[str]:
        """Write the key files that are not there; never touches one that is. Returns their names."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = []
        for name in MASTER_KEYS:
            path = self.folder / f"{name}.key"
            if path.exists():
                continue
            draft = self.folder / f".{name}.{os.getpid()}"
            draft.write_bytes(os.urandom(32))
            draft.chmod(0o400)
            try:
                os.link(draft, path)
                made.append(name)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return made


class Sealer:
    """Seals and opens values of one place (``schema.table.field``, or ``raw``)."""

    def __init__(self, place: str, keys: KeySource, *, master: str = "sealing", cipher: str | None = None) -> None:
        self.place = place.encode()
        chosen = cipher or os.environ.get("GUITU_CIPHER", "aes-256-gcm")
        if chosen not in {"aes-256-gcm", "sm4-gcm"}:
            raise FixConfiguration("GUITU_CIPHER must be aes-256-gcm or sm4-gcm")
        self.format = SM4_GCM if chosen == "sm4-gcm" else AES_GCM
        self._keys, self._master = keys, master
        self._ciphers: dict[int, AESGCM | _Sm4Gcm] = {}

    def _cipher(self, form: int) -> AESGCM | _Sm4Gcm:
        if form not in self._ciphers:
            if form not in {AES_GCM, SM4_GCM}:
                raise FixConfiguration("a stored value has an unknown sealing format")
            label = self.place.rsplit(b".", 1)[0] + bytes([form])
            derived = HKDF(hashes.SHA256(), 32, None, b"guitu/" + label).derive(self._keys.master_key(self._master))
            self._ciphers[form] = AESGCM(derived) if form == AES_GCM else _Sm4Gcm(derived[:16])
        return self._ciphers[form]

    def seal(self, plain: bytes) -> bytes:
        """One value, sealed."""
        nonce = os.urandom(NONCE_BYTES)
        return bytes([self.format]) + nonce + self._cipher(self.format).encrypt(nonce, plain, self.place)

    def seal_texts(self, texts: Sequence[str | None]) -> list[bytes | None]:
        """A column of texts, sealed; None stays None."""
        encrypt, head, place = self._cipher(self.format).encrypt, bytes([self.format]), self.place
        nonces = os.urandom(NONCE_BYTES * len(texts))
        sealed: list[bytes | None] = []
        for i, text in enumerate(texts):
            nonce = nonces[i * NONCE_BYTES : (i + 1) * NONCE_BYTES]
            sealed.append(None if text is None else head + nonce + encrypt(nonce, text.encode(), place))
        return sealed

    def open(self, sealed: bytes) -> bytes:
        """The value behind a sealed one.

        Raises:
            FixConfiguration: wrong key, or the value was moved or changed.
        """
        try:
            return self._cipher(sealed[0]).decrypt(sealed[1 : 1 + NONCE_BYTES], bytes(sealed[1 + NONCE_BYTES :]), self.place)
        except InvalidTag as error:
            raise FixConfiguration(
                f"a sealed value of {self.place.decode()} does not open: wrong key, or it was moved or changed"
            ) from error

    def open_texts(self, sealed: Sequence[bytes | None]) -> list[str | None]:
        """A column opened; None stays None."""
        return [None if value is None else self.open(bytes(value)).decode() for value in sealed]


class _Sm4Gcm:
    """SM4-GCM with the same two calls as AESGCM (cryptography has no one-shot form of it)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, nonce: bytes, plain: bytes, place: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        work = Cipher(algorithms.SM4(self._key), modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(place)
        return work.update(plain) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, sealed: bytes, place: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        work = Cipher(algorithms.SM4(self._key), modes.GCM(nonce, sealed[-16:])).decryptor()
        work.authenticate_additional_data(place)
        return work.update(sealed[:-16]) + work.finalize()


class BlindIndex:
    """Equality without the value: the same text under one purpose always gives the same 16 bytes."""

    def __init__(self, purpose: str, keys: KeySource) -> None:
        key = HKDF(hashes.SHA256(), 32, None, b"guitu/index/" + purpose.encode()).derive(keys.master_key("index"))
        self._keyed = hmac.HMAC(key, hashes.SM3() if os.environ.get("GUITU_CIPHER") == "sm4-gcm" else hashes.SHA256())

    def of(self, value: str | bytes) -> bytes:
        """Index of one normalised text, or of bytes."""
        work = self._keyed.copy()
        work.update(value.encode() if isinstance(value, str) else value)
        return work.finalize()[:INDEX_BYTES]

    def of_texts(self, texts: Sequence[str | None]) -> list[bytes | None]:
        """Index of a column; None stays None."""
        return [None if text is None else self.of(text) for text in texts]


@lru_cache(maxsize=8)
def _folder_source(folder: str) -> KeyFolder:
    return KeyFolder(Path(folder))


def key_source() -> KeyFolder:
    """The keys of this installation (GUITU_KEYS); a single machine without that setting gets keys in its own state folder."""
    source = _folder_source(str(keys_folder()))
    if not os.environ.get("GUITU_KEYS"):
        made = source.create_missing()
        if made:
            log_event("keys created on this machine: keep them, sealed values open with nothing else", folder=source.folder)
    return source


def sealer(place: str) -> Sealer:
    """Sealer of one column of this installation."""
    return _sealer(place, key_source(), os.environ.get("GUITU_CIPHER"))


def blind_index(purpose: str) -> BlindIndex:
    """Blind index of one purpose (``id_number``, ``name``, ``phone``); equal over all tables, so that they join."""
    return _blind_index(purpose, key_source(), os.environ.get("GUITU_CIPHER"))


# Deriving a key costs more than sealing a value, and an intake seals few values hundreds of times a second.
@lru_cache(maxsize=512)
def _sealer(place: str, keys: KeyFolder, cipher: str | None) -> Sealer:
    return Sealer(place, keys, cipher=cipher)


@lru_cache(maxsize=64)
def _blind_index(purpose: str, keys: KeyFolder, _: str | None) -> BlindIndex:
    return BlindIndex(purpose, keys)
