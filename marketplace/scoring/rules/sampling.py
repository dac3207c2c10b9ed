"""How often is resampled and from which seed: part of the sheet, fixed before anything is drawn."""

from dataclasses import dataclass
from typing import Final

from marketplace.scoring.rules.documents import Fields

RESAMPLES: Final = 1_000
WEIGHT_DRAWS: Final = 1_000
CONCENTRATION: Final = 100
"""At 100 a weight of 30 % strays by 4.6 percentage points: sqrt(0.3 x 0.7 / 101)."""
DRAWS_MAX: Final = 10_000
CONCENTRATION_MAX: Final = 10_000
SAMPLING_FIELDS: Final = ("seed", "resamples", "weight_draws", "concentration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The settings of everything that is drawn."""

    seed: str
    resamples: int = RESAMPLES
    """How many panels, and sets of rows, are drawn."""
    weight_draws: int = WEIGHT_DRAWS
    """How many sets of weights are drawn."""
    concentration: int = CONCENTRATION
    """How closely drawn weights keep to the published ones."""

    def to_document(self) -> dict[str, object]:
        """Write the settings as JSON values."""
        return {
            "seed": self.seed,
            "resamples": self.resamples,
            "weight_draws": self.weight_draws,
            "concentration": self.concentration,
        }


def sampling_from(fields: Fields) -> Sampling | None:
    """Read the settings of a sheet; null where nobody asked for any."""
    if fields.raw("certainty") is None:
        return None
    own = Fields(fields.raw("certainty"), pointer=fields.at("certainty"), known=SAMPLING_FIELDS)
    return Sampling(
        seed=own.text("seed"),
        resamples=own.whole("resamples", minimum=1, maximum=DRAWS_MAX),
        weight_draws=own.whole("weight_draws", minimum=1, maximum=DRAWS_MAX),
        concentration=own.whole("concentration", minimum=1, maximum=CONCENTRATION_MAX),
    )
