"""Changes to a signed request, one at a time, and whether what it means has changed with it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping

from portal.intake.settings import PUSH_PATH

Sent = tuple[list[tuple[str, str]], bytes, str, str, bool]
"""Header lines, body, method, path, and whether the meaning differs."""

SIGNED = ("Content-Type", "Idempotency-Key", "Content-Digest", "Signature-Input", "Signature")


def mutated(chance: random.Random, headers: Mapping[str, str], body: bytes) -> Sent:
    """The request with one change."""
    lines = list(headers.items())
    return chance.choice(CHANGES)(chance, lines, body)


def _flip_body(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    at = chance.randrange(len(body))
    changed = body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
    return lines, changed, "POST", PUSH_PATH, True


def _other_body(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    told = json.loads(body)
    row = told["rows"][0]
    row[chance.choice(list(row))] = chance.choice(["", "2", "2026-11-30", None, [], 7])
    return lines, json.dumps(told).encode(), "POST", PUSH_PATH, True


def _cut_body(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    changed = chance.choice([b"", body[: chance.randrange(len(body))], body + b" ", b" " + body, body + body])
    return lines, changed, "POST", PUSH_PATH, True


def _flip_header(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    name = chance.choice(SIGNED)
    value = dict(lines)[name]
    at = chance.randrange(len(value))
    other = chance.choice([c for c in "abcXYZ019\"'()=;:,@- ~\t" if c != value[at]])
    changed = value[:at] + other + value[at + 1 :]
    # The label is not signed, letter case of a media type means nothing, and base64's last characters carry unused bits.
    return _replaced(lines, name, changed), body, "POST", PUSH_PATH, not _means_the_same(name, value, changed)


def _means_the_same(name: str, value: str, changed: str) -> bool:
    return name in {"Signature", "Signature-Input"} or value.strip(" \t") == changed.strip(" \t")


def _drop_header(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    name = chance.choice(SIGNED)
    return [line for line in lines if line[0] != name], body, "POST", PUSH_PATH, True


def _twice(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    name = chance.choice(SIGNED)
    value = chance.choice([dict(lines)[name], "x", ""])
    return [*lines, (name, value)], body, "POST", PUSH_PATH, True


def _parameter(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    given = dict(lines)["Signature-Input"]
    changes = [
        ('tag="release-notices"', 'tag="release-notices-upload"'),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        (';alg="ed25519"', ""),
        (";created=", ";expires=1;created="),
        (";created=", ";created=1;created="),
        ('"@target-uri" ', ""),
        ('"content-digest"', '"content-digest";key="sha-256"'),
        ('"@method"', '"@authority"'),
        ('keyid="', 'keyid="x'),
        ('nonce="', 'nonce="x'),
        (";nonce=", ";unknown=1;nonce="),
        ("guitu=(", "other=("),
        ("(", "(("),
        (";tag=", ";;tag="),
    ]
    old, new = chance.choice(changes)
    return _replaced(lines, "Signature-Input", given.replace(old, new, 1)), body, "POST", PUSH_PATH, True


def _elsewhere(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    path = chance.choice(
        [f"{PUSH_PATH}?x=1", f"{PUSH_PATH}/", PUSH_PATH.upper(), f"{PUSH_PATH}/files/a.csv", "/api/v1/intake/keys", f"/{PUSH_PATH}", "/"]
    )
    return lines, body, "POST", path, True


def _method(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    return lines, body, chance.choice(["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUSH"]), PUSH_PATH, True


def _unsigned(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    """Headers nobody signed, a proxy's among them, change nothing."""
    name, value = chance.choice(
        [
            ("Host", "evil.example"),
            ("X-Forwarded-Proto", "ftp"),
            ("X-Forwarded-Host", "evil"),
            ("Cookie", "a=b"),
            ("X-Http-Method-Override", "PUT"),
        ]
    )
    return [*lines, (name, value)], body, "POST", PUSH_PATH, False


def _garbage(chance: random.Random, lines: list[tuple[str, str]], body: bytes) -> Sent:
    name = chance.choice(SIGNED)
    value = "".join(chance.choice('abz019"=:;,()@ \\/?!é') for _ in range(chance.randrange(200)))
    return _replaced(lines, name, value), body, "POST", PUSH_PATH, True


def _replaced(lines: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [(n, value if n == name else v) for n, v in lines]


CHANGES: list[Callable[[random.Random, list[tuple[str, str]], bytes], Sent]] = [
    _flip_body,
    _other_body,
    _cut_body,
    _flip_header,
    _flip_header,
    _drop_header,
    _twice,
    _parameter,
    _elsewhere,
    _method,
    _unsigned,
    _garbage,
]
