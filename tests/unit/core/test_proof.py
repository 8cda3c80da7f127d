"""What is signed by this installation opens with its public key, unchanged and as what it was signed for, and not otherwise."""

import json
from pathlib import Path

import pytest

from core.proof import NotOurs, opened, public_key_set, rotate, sign
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


def test_after_a_rotation_the_new_key_signs_and_what_the_old_ones_signed_still_opens() -> None:
    receipts = [sign(b"first", kind="receipt")]
    kids = []
    for number in (b"second", b"third"):
        kids.append(rotate())
        receipts.append(sign(number, kind="receipt"))
    assert kids[0][1] == kids[1][0]
    key_set = public_key_set()
    assert [opened(receipt, key_set, kind="receipt") for receipt in receipts] == [b"first", b"second", b"third"]
    assert {key["kid"] for key in key_set["keys"]} == {kids[0][0], *kids[1]}
    assert key_set["keys"][0]["kid"] == kids[1][1]
    assert all("d" not in key for key in key_set["keys"])


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"kty": "OKP"}', b"\xff"])
def test_a_damaged_file_of_a_replaced_key_keeps_no_other_key_out(keys: Path, damage: bytes) -> None:
    (lost, _), kept = rotate(), sign(b"{}", kind="receipt")
    rotate()
    file = keys / f"proof.retired.{lost}.json"
    file.chmod(0o600)
    file.write_bytes(damage)
    key_set = public_key_set()
    assert opened(kept, key_set, kind="receipt") == b"{}"
    assert lost not in {key["kid"] for key in key_set["keys"]}


def test_a_key_set_from_before_a_rotation_does_not_open_what_came_after() -> None:
    before = public_key_set()
    rotate()
    with pytest.raises(NotOurs):
        opened(sign(b"{}", kind="receipt"), before, kind="receipt")


def test_a_rotation_that_broke_off_leaves_the_old_key_in_force_and_can_be_done_again(keys: Path) -> None:
    receipt, seed = sign(b"{}", kind="receipt"), (keys / "proof.key").read_bytes()
    rotate()
    (keys / "proof.key").chmod(0o600)
    (keys / "proof.key").write_bytes(seed)  # as if the new key had not been put in place
    assert len({key["kid"] for key in public_key_set()["keys"]}) == len(public_key_set()["keys"]) == 1
    rotate()
    assert opened(receipt, public_key_set(), kind="receipt") == b"{}"
