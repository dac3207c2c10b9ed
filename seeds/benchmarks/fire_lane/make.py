"""Invent 600 video clips and seven detectors and write the fire-lane benchmark.

SYNTHETIC: no camera, no clip and no detector exists.  A clip has a hidden difficulty that all
detectors share in part, a detector has a strength (the distance between its mean scores on clips
with and without an event, in standard deviations), and the score is squeezed into 0..1.  Standard
library only, one fixed seed: running this file again gives the same bytes.
"""

from math import exp, sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Final

HERE: Final = Path(__file__).parent
SEED: Final = 20260302
EVENTS: Final = 190
QUIET: Final = 410
SHARED: Final = 0.4
"""Share of the score's variance that comes from the clip, not from the detector."""

STRENGTH: Final = {
    "SLV-01": 3.05,
    "SLV-02": 2.60,
    "SLV-03": 2.95,
    "SLV-05": 2.75,
    "SLV-06": 2.45,
    "SLV-08": 1.30,
    "SLV-11": 2.30,
}
NORMAL: Final = NormalDist()


def normal(rng: Random) -> float:
    """Draw from the standard normal distribution, alike on every platform to the digits kept."""
    return NORMAL.inv_cdf(max(rng.random(), 1e-12))


def table(header: list[str], rows: list[list[str]]) -> bytes:
    """Write a small CSV by hand, with line feeds on every platform."""
    return ("\n".join(",".join(row) for row in [header, *rows]) + "\n").encode()


def files() -> dict[str, bytes]:
    """Draw the clips and every detector's scores; give each file by its path in this folder."""
    rng = Random(SEED)
    labels = [1] * EVENTS + [0] * QUIET
    rng.shuffle(labels)
    ids = [f"F{number:04d}" for number in range(1, len(labels) + 1)]
    difficulty = [normal(rng) for _ in labels]
    written = {
        "truth.csv": table(["id", "label"], [[i, str(y)] for i, y in zip(ids, labels, strict=True)])
    }
    for solver, strength in STRENGTH.items():
        rows = []
        for clip, label, common in zip(ids, labels, difficulty, strict=True):
            noise = sqrt(SHARED) * common + sqrt(1 - SHARED) * normal(rng)
            score = 1 / (1 + exp(-(strength * (label - 0.5) + noise)))
            rows.append([clip, f"{score:.5f}"])
        written[f"predictions/{solver}.csv"] = table(["id", "score"], rows)
    return written


def main() -> None:
    """Write all files beside this script."""
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
