"""JSON from outside: refused where two readers could disagree on it, and never a crash."""

from __future__ import annotations

import json
from typing import Any

from core.errors import SourceChanged

_LONGEST_NUMBER = 60


class Number(str):
    """A JSON number, kept as the text that was sent: a float would already have changed it."""


def read_json(content: bytes | str, what: str) -> Any:
    """The value, with numbers as `Number`. `what` names the message in errors.

    Raises:
        SourceChanged: not UTF-8, not one JSON value, a name twice in an object, NaN or Infinity, too deep, or an endless number.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8").removeprefix("\ufeff")
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise SourceChanged(f"{what} is not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        # The decoder's own exception carries the whole document.
        raise SourceChanged(f"{what} is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise SourceChanged(f"{what} is nested too deep") from None
    except _Refused as error:
        raise SourceChanged(f"{what} {error}") from None


class _Refused(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("has an object with the same name twice")
    return found


def _number(literal: str) -> Number:
    if len(literal) > _LONGEST_NUMBER:
        raise _Refused(f"has a number of more than {_LONGEST_NUMBER} characters")
    return Number(literal)


def _constant(_: str) -> None:
    raise _Refused("has NaN or Infinity, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_number, parse_float=_number, parse_constant=_constant)
