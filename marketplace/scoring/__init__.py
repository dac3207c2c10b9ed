"""The judgement: from frozen marks, metric values and prices to a ranking that explains itself.

Cast.  A `Rubric` is the published yardstick: criteria with weights, the rounding, how judges are
aggregated and how ties are broken.  A `ScoreSheet` is the complete input of one round: rubric,
bids with quotes and values, judges under pseudonyms, marks, minimum, draw seed.  `rank` turns a
sheet into a `Ranking`: one `Standing` per bid that stayed in, one `Excluded` per bid that did
not.  Sheet and standings are documents with a digest each; `verify` recomputes the second from
the first on any machine.

Predictions arrive as bytes (`rules.predictions`), metrics turn them into values
(`rules.metrics`), scales turn values into points (`rules.scales`).  What is promised: the same
sheet gives the same bytes for ever, in whatever order it was gathered; no order is ever decided
by a binary float; a bid that is out leaves every minimum and every mean.
"""
