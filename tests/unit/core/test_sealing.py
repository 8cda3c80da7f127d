"""Sealed values open only with the right key and in the right place; blind indexes join and tell nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FixConfiguration, MissingSecret
from core.sealing import BlindIndex, KeyFolder, Sealer, key_source


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    folder.create_missing()
    return folder


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "sm4-gcm"])
def test_a_sealed_value_opens_again(keys: KeyFolder, cipher: str) -> None:
    sealer = Sealer("staging.assistance_members.name", keys, cipher=cipher)
    sealed = sealer.seal_texts(["张示例", None, ""])
    assert sealer.open_texts(sealed) == ["张示例", None, ""]
    assert "张示例".encode() not in sealed[0]


def test_a_value_sealed_under_one_cipher_opens_after_the_setting_changed(keys: KeyFolder) -> None:
    sealed = Sealer("staging.x.name", keys, cipher="aes-256-gcm").seal(b"old")
    assert Sealer("staging.x.name", keys, cipher="sm4-gcm").open(sealed) == b"old"


def test_a_value_moved_to_another_column_does_not_open(keys: KeyFolder) -> None:
    sealed = Sealer("staging.x.name", keys).seal(b"value")
    with pytest.raises(FixConfiguration, match="does not open"):
        Sealer("staging.x.kin_name", keys).open(sealed)


@given(st.integers(min_value=0, max_value=200))
@settings(max_examples=50)
def test_a_changed_bit_is_noticed(tmp_path_factory: pytest.TempPathFactory, position: int) -> None:
    folder = KeyFolder(tmp_path_factory.getbasetemp() / "bit-keys")
    folder.create_missing()
    sealer = Sealer("staging.x.name", folder)
    sealed = bytearray(sealer.seal(b"a value of some length"))
    sealed[position % (len(sealed) - 1) + 1] ^= 1
    with pytest.raises(FixConfiguration):
        sealer.open(bytes(sealed))


def test_equal_texts_have_equal_indexes_within_a_purpose_only(keys: KeyFolder) -> None:
    numbers, names = BlindIndex("id_number", keys), BlindIndex("name", keys)
    assert numbers.of("11010519491231002X") == numbers.of("11010519491231002X")
    assert numbers.of("11010519491231002X") != names.of("11010519491231002X")
    assert numbers.of_texts(["a", None, "a"]) == [numbers.of("a"), None, numbers.of("a")]


def test_keys_are_created_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    assert sorted(folder.create_missing()) == ["index", "proof", "raw", "sealing"]
    before = folder.master_key("index")
    assert folder.create_missing() == []
    assert folder.master_key("index") == before
    assert (tmp_path / "keys" / "index.key").stat().st_mode & 0o077 == 0


def test_a_missing_key_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="create-keys"):
        KeyFolder(tmp_path).master_key("sealing")


def test_a_machine_without_the_setting_gets_keys_of_its_own_and_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUITU_KEYS", raising=False)
    monkeypatch.setenv("GUITU_HOME", str(tmp_path))
    first = key_source().master_key("index")
    assert key_source().master_key("index") == first
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["index.key", "proof.key", "raw.key", "sealing.key"]


def test_a_folder_that_was_named_is_never_filled_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "named"))
    with pytest.raises(MissingSecret, match="create-keys"):
        key_source().master_key("index")
