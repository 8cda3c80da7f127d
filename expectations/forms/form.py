"""What a value form is: one scalar reading, and where it pays a quick reading of the usual spelling for whole columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Read = tuple[str | None, str | None]
"""The canonical text or None, and the agreement's code or None: (value, None), (value, W_...), (None, None) or (None, E_...)."""

Quick = tuple[np.ndarray, Any]
"""Which texts are done (booleans), and the canonical texts as an Arrow array; None instead: the done ones read to themselves."""


@dataclass(frozen=True)
class Form:
    """How the texts of one field are read.

    `read_one` is the only definition. `quick` may take over the texts it is sure of and must then agree with `read_one`
    (a property test compares them); it never gives a code.
    """

    read_one: Callable[[str], Read]
    quick: Callable[[Any], Quick] | None = None
