"""Trains the model that ships with the project, on a crowd of a hundred thousand persons.

python -m benchmarks.identity.packaged_model
"""

from __future__ import annotations

from benchmarks.identity import rates
from benchmarks.identity.crowd import crowd
from warehouse.identity.clusters import decide
from warehouse.identity.model import PACKAGED
from warehouse.identity.records import of_columns

PERSONS, SEED = 100_000, 7


def main() -> None:
    """The packaged model is the one a relinking of the crowd trains."""
    model = decide(of_columns(crowd(PERSONS, SEED), rates.AS_OF)).attrs["model"]
    PACKAGED.write_bytes(model.body)
    print(f"{len(model.body)} bytes in {PACKAGED.name}")


if __name__ == "__main__":
    main()
