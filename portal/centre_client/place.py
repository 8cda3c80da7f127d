"""The centre's folder: its key pair, its settings, batches on their way, and what was answered. Everything survives a restart.

client.json              centre, address of the intake, optional CA file
<centre>.key.pem         private key, never leaves the centre     <centre>.pub.pem   to be registered at the other side
keys.json                the intake's public keys (JWKS): receipts are checked with them, offline too
spool/<batch_id>.json    on its way: the exact bytes              spool/<batch_id>.tries   when it was tried
sent/ refused/           the exact bytes, once answered           receipts/<batch_id>.json   the answer with its receipt
days/<yyyymmdd>.json              the intake's manifest of a day      days/<yyyymmdd>.declared.json   what was declared of it
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from core.app_keys import app_key_of
from core.errors import FixConfiguration


@dataclass(frozen=True)
class Place:
    """The folder of one centre."""

    folder: Path

    @property
    def spool(self) -> Path:
        """Batches on their way."""
        return self._made("spool")

    @property
    def receipts(self) -> Path:
        """Answers, one per batch."""
        return self._made("receipts")

    def settled(self, name: str) -> Path:
        """`sent` or `refused`: batches that are answered; `days`: days that are reconciled."""
        return self._made(name)

    @property
    def settings(self) -> dict[str, Any]:
        """What client.json says.

        Raises:
            FixConfiguration: it is not there or unreadable.
        """
        return dict(self._json("client.json", "run `python -m portal.centre_client keygen` first, or name the folder with --folder"))

    @property
    def key_set(self) -> dict[str, Any]:
        """The intake's public keys as far as they were seen; empty before the first answer."""
        return dict(self._json("keys.json", "")) if (self.folder / "keys.json").exists() else {"keys": []}

    def remember_keys(self, key_set: dict[str, Any]) -> None:
        """New keys are added; a key once seen stays, for old receipts."""
        known = {key["kid"]: key for key in self.key_set["keys"]}
        merged = {key["kid"]: key for key in key_set.get("keys", [])} | known
        write_durably(self.folder / "keys.json", json.dumps({"keys": list(merged.values())}, indent=1).encode())

    def private_key(self) -> Ed25519PrivateKey:
        """The centre's private key.

        Raises:
            FixConfiguration: not there, readable by others, or no Ed25519 key.
        """
        file = self.folder / self.settings["key"]
        try:
            if file.stat().st_mode & 0o077 and os.name == "posix":
                raise FixConfiguration(f"{file} can be read by others on this machine: chmod 600 it, and have a new pair made if in doubt")
            key = load_pem_private_key(file.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise FixConfiguration(f"the private key {file} cannot be read ({type(error).__name__})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise FixConfiguration(f"{file} is no Ed25519 key")
        return key

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _json(self, name: str, otherwise: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except FileNotFoundError:
            raise FixConfiguration(f"{self.folder / name} is not there: {otherwise}") from None
        except ValueError as error:
            raise FixConfiguration(f"{self.folder / name} is no JSON") from error


def make_keys(place: Place, centre_code: str, url: str, ca: str | None) -> tuple[Path, str]:
    """A new key pair and client.json stand in the folder; an older pair stays beside it. Gives the public key's file and app key."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    app_key = app_key_of(centre_code, public.public_bytes_raw())
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private_file, public_file = place.folder / f"{app_key}.key.pem", place.folder / f"{app_key}.pub.pem"
    write_durably(private_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    write_durably(public_file, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    said = {"centre_code": centre_code, "url": url.rstrip("/"), "key": private_file.name, "app_key": app_key, "ca": ca}
    write_durably(place.folder / "client.json", json.dumps(said, indent=1).encode(), 0o600)
    return public_file, app_key


def write_durably(file: Path, content: bytes, mode: int = 0o600) -> None:
    """The file has this content or the one before, also after a power cut."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    draft.replace(file)
    if os.name == "posix":
        handle = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
