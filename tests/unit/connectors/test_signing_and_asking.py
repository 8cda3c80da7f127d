"""The bureau's signature as the agreement prints it, how fast we ask, and from when."""

from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connectors import public_security, rest, sftp
from connectors.signing import SignedRequest, canonical_string, encoded_query, signature
from core.errors import FixConfiguration, MissingSecret

PRINTED = "7b9b538ec9b9333ce2535d8f5aced82d7ec2e0a3c775bf685efcdcc0c91e0d3b"
PATH = "/api/v1/feeds/registered_persons"


def test_the_printed_test_vector_is_signed_as_printed() -> None:
    auth = SignedRequest("key", "sample-secret-0001", lambda: 1_795_132_800.0, lambda: "0123456789abcdef0123456789abcdef")
    query = encoded_query([("updated_since", "2026-11-18 00:00:00"), ("limit", "500")])
    sent = requests.Request("GET", f"https://bureau.example{PATH}?{query}", auth=auth).prepare()
    assert query == "limit=500&updated_since=2026-11-18%2000%3A00%3A00"
    assert sent.headers["X-Signature"] == PRINTED
    assert (sent.headers["X-App-Key"], sent.headers["X-Timestamp"]) == ("key", "1795132800000")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "POST"},
        {"url": f"https://h{PATH}?limit=501"},
        {"url": f"https://h{PATH}x?limit=500"},
        {"timestamp": "2"},
        {"nonce": "1"},
        {"body": b"x"},
    ],
)
def test_every_part_is_signed(changed: dict[str, object]) -> None:
    parts: dict[str, object] = {"method": "GET", "url": f"https://h{PATH}?limit=500", "timestamp": "1", "nonce": "0", "body": b""}
    assert signature("s", canonical_string(**parts)) != signature("s", canonical_string(**parts | changed))  # type: ignore[arg-type]


def test_each_request_has_a_nonce_of_its_own() -> None:
    auth = SignedRequest("key", "secret")
    nonces = {requests.Request("GET", "https://h/", auth=auth).prepare().headers["X-Nonce"] for _ in range(100)}
    assert len(nonces) == 100
    assert all(len(nonce) == 32 and nonce == nonce.lower() for nonce in nonces)


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5))
def test_the_order_in_which_a_query_is_given_does_not_change_its_signature(query: dict[str, str]) -> None:
    url = "https://h/p?" + encoded_query(query.items())
    turned = "https://h/p?" + encoded_query(reversed(query.items()))
    assert canonical_string("GET", url, "1", "n", b"") == canonical_string("GET", turned, "1", "n", b"")
    assert canonical_string("GET", url, "1", "n", b"").split("\n")[2] == encoded_query(query.items())


def test_at_most_sixty_requests_are_sent_in_any_minute() -> None:
    clock = [0.0]
    sent: list[float] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pace = rest.Pace(60, now=lambda: clock[0], sleep=sleep)
    for _ in range(200):
        pace.wait()
        sent.append(clock[0])
        clock[0] += 0.1
    assert all(sum(start <= at < start + 60 for at in sent) <= 60 for start in sent)
    assert sent[-1] < 200


@pytest.mark.parametrize(
    ("watermark", "asked"),
    [
        (None, "1970-01-01 00:00:00"),
        (datetime(2026, 11, 20, 2, 0, tzinfo=UTC), "2026-11-18 10:00:00"),
        (datetime(2031, 5, 1, tzinfo=UTC), "2026-11-19 00:00:00"),
    ],
)
def test_a_run_asks_from_48_hours_before_the_watermark_but_never_from_the_future(
    monkeypatch: pytest.MonkeyPatch, watermark: datetime | None, asked: str
) -> None:
    monkeypatch.setenv("GUITU_AS_OF", "2026-11-20")
    assert public_security.asked_from(watermark) == asked


@pytest.mark.parametrize("missing", ["host", "login", "password"])
def test_an_incomplete_connection_names_what_is_missing_and_not_the_rest(missing: str) -> None:
    given = {"host": "h", "login": "the-key", "password": "the-secret"} | {missing: ""}
    with pytest.raises(MissingSecret, match=missing) as caught:
        rest.open_client(given)
    assert "the-secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "AAAA", "ssh-ed25519", "SHA256:abc", "ssh-ed25519 !!!", "\x00"])
def test_a_host_key_that_is_none_is_the_engineers_matter(text: str) -> None:
    with pytest.raises(FixConfiguration):
        sftp.pinned_key(text)
