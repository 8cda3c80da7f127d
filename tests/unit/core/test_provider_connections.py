"""A connection that cannot be read is one clear error that names the setting and never what it holds."""

import json

import pytest

from core.errors import FixConfiguration, MissingSecret
from core.settings import checked_port, provider_connection

OURS, AIRFLOW = "GUITU_PROVIDER_MAIL", "AIRFLOW_CONN_PROVIDER_MAIL"
WHOLE = {"host": "mail.example.org", "login": "guitu", "password": "geheim=1", "port": 587}


def test_both_forms_are_read_and_ours_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OURS, raising=False)
    for extra in ({"sender": "a@example.org", "ca": None}, '{"sender": "a@example.org"}'):
        monkeypatch.setenv(AIRFLOW, json.dumps(WHOLE | {"extra": extra, "schema": None}))
        assert provider_connection("mail") == {name: str(value) for name, value in WHOLE.items()} | {"sender": "a@example.org"}
    monkeypatch.setenv(OURS, "host=127.0.0.1 password=geheim=1")
    assert provider_connection("mail") == {"host": "127.0.0.1", "password": "geheim=1"}


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        (OURS, "host=127.0.0.1 geheim"),
        (OURS, "=geheim"),
        (OURS, "host=127.0.0.1 password=geheim port=smtp"),
        (OURS, "host=127.0.0.1 password=geheim port=0"),
        (AIRFLOW, "smtp://guitu:geheim@mail.example.org"),
        (AIRFLOW, '["geheim"]'),
        (AIRFLOW, '{"host": "127.0.0.1", "extra": "geheim"}'),
        (AIRFLOW, '{"host": "127.0.0.1", "extra": ["geheim"]}'),
        (AIRFLOW, '{"host": "127.0.0.1", "password": "geheim", "port": "65536"}'),
        (AIRFLOW, '{"host": "127.0.0.1", "extra": {"port": "2²", "password": "geheim"}}'),
    ],
)
def test_what_cannot_be_read_is_told_by_the_setting_alone(monkeypatch: pytest.MonkeyPatch, setting: str, given: str) -> None:
    for one in (OURS, AIRFLOW):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(setting, given)
    with pytest.raises(FixConfiguration, match=setting) as raised:
        provider_connection("mail")
    assert "geheim" not in f"{raised.value}{raised.value.__cause__ or ''}"


def test_a_connection_that_is_not_set_names_both_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (OURS, AIRFLOW):
        monkeypatch.delenv(one, raising=False)
    with pytest.raises(MissingSecret, match=f"{AIRFLOW}.*{OURS}"):
        provider_connection("mail")


def test_a_port_is_a_number_from_1_to_65535() -> None:
    assert [checked_port(given, "x") for given in ("1", "587", "65535")] == [1, 587, 65535]
    for given in ("0", "65536", "-1", "5.5", "smtp", "٣", ""):
        with pytest.raises(FixConfiguration, match="port in x"):
            checked_port(given, "x")
