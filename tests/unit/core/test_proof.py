"""What is signed by this installation opens with its public key, unchanged and as what it was signed for, and not otherwise."""

import json
from pathlib import Path

import pytest

from core.proof import NotOurs, opened, public_key_set, sign
from core.sealing import KeyFolder


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keys"
    KeyFolder(folder).create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(folder))
    return folder


def test_a_signed_payload_opens_with_the_public_key_alone() -> None:
    compact = sign({"batch_id": "140100Q001-20261120-0001"}, kind="receipt")
    assert json.loads(opened(compact, public_key_set(), kind="receipt")) == {"batch_id": "140100Q001-20261120-0001"}


def test_the_key_set_holds_nothing_private() -> None:
    (key,) = public_key_set()["keys"]
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x"]


def test_a_proof_of_one_kind_is_no_proof_of_another() -> None:
    with pytest.raises(NotOurs, match="not a message"):
        opened(sign(b"{}", kind="receipt"), public_key_set(), kind="message")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_change_in_any_part_is_seen(part: int) -> None:
    parts = sign({"row_count": 12}, kind="receipt").split(".")
    parts[part] = ("B" if parts[part][4] == "A" else "A").join((parts[part][:4], parts[part][5:]))
    with pytest.raises(NotOurs):
        opened(".".join(parts), public_key_set(), kind="receipt")


def test_another_installation_cannot_sign_for_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = public_key_set()
    KeyFolder(tmp_path / "other").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "other"))
    with pytest.raises(NotOurs):
        opened(sign(b"{}", kind="receipt"), ours, kind="receipt")


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_signed_text_is_refused(text: str) -> None:
    with pytest.raises(NotOurs):
        opened(text, public_key_set(), kind="receipt")
