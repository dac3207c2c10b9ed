"""What has been said: one append-only table, written in the transaction that made each statement
true.

Cast.  An `Event` is a frozen dataclass of the catalogue; its `TYPE` is what the world calls it.
`record` writes it as an `EventRow` with the next `sequence` of its subject.  Webhooks, the feed and
the timeline are derived from these rows, so none of them can tell of something that did not happen.
"""
