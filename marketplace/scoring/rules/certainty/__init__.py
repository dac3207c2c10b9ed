"""How sure is this ranking?  Stated beside every ranking and never instead of it.

The sheet says how often and from which seed is resampled (`rules.sampling`), and holds the results
of a benchmark by groups of rows (`rules.row_groups`).  `chance` makes the draws, `order` puts
changed points into places as the round itself does; `intervals` resamples judges and rows,
`margins` moves the weights, `omissions` leaves judges, criteria and bids out one at a time,
`judges` looks at the panel, `benchmarks` at neighbours on a benchmark.  `statement` puts all of it
into two documents, one for whoever reads the round and one about the panel.

Every figure follows from the sheet alone: draws are counted digests of the seed, arithmetic is
whole, and no order is decided by a binary float.  So `jiebang verify ranking` repeats these
documents too, byte for byte.
"""
