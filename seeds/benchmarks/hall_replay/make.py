"""Invent five days of queues in sixty service halls and seven forecasts of them.

SYNTHETIC: no hall was observed.  The replay asks each solver's allocator how long people will wait,
per hall and half day, under the windows that were really staffed; the measure is the mean absolute
error in minutes.  Standard library only, one fixed seed: running this file again gives the same
bytes.
"""

from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Final

HERE: Final = Path(__file__).parent
SEED: Final = 20260303
HALLS: Final = 60
HALF_DAYS: Final = 10
LEVELS: Final = (1.5, 0.9)
"""How busy mornings and afternoons are, against the level of the hall."""

FORECASTS: Final = {
    "SLV-01": (3.6, 0.2),
    "SLV-02": (4.4, -0.5),
    "SLV-04": (5.2, 0.6),
    "SLV-06": (2.9, 0.1),
    "SLV-07": (4.9, 0.0),
    "SLV-09": (8.6, 3.0),
    "SLV-12": (5.9, -0.8),
}
"""Spread and bias of each forecast, in minutes."""
NORMAL: Final = NormalDist()


def normal(rng: Random) -> float:
    """Draw from the standard normal distribution, alike on every platform to the digits kept."""
    return NORMAL.inv_cdf(max(rng.random(), 1e-12))


def table(header: list[str], rows: list[list[str]]) -> bytes:
    """Write a small CSV by hand, with line feeds on every platform."""
    return ("\n".join(",".join(row) for row in [header, *rows]) + "\n").encode()


def files() -> dict[str, bytes]:
    """Draw the waits and every forecast; give each file by its path in this folder."""
    rng = Random(SEED)
    waits: dict[str, float] = {}
    for hall in range(1, HALLS + 1):
        base = 8 + 18 * rng.random()
        for half_day in range(1, HALF_DAYS + 1):
            level = base * LEVELS[(half_day - 1) % 2]
            waits[f"H{hall:02d}-{half_day:02d}"] = max(0.0, level + 3.5 * normal(rng))
    written = {
        "truth.csv": table(["id", "label"], [[i, f"{wait:.1f}"] for i, wait in waits.items()])
    }
    for solver, (spread, bias) in FORECASTS.items():
        rows = [
            [slot, f"{max(0.0, wait + bias + spread * normal(rng)):.1f}"]
            for slot, wait in waits.items()
        ]
        written[f"predictions/{solver}.csv"] = table(["id", "prediction"], rows)
    return written


def main() -> None:
    """Write all files beside this script."""
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
