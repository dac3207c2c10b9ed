"""The public list: what hangs there, in which order, how it is found, and whom it suits.

Cast.  A `BoardCard` is a published call as it hangs on the board: the facts by which it is
filtered and ordered, nothing of bids or followers, ever.  A `BoardText` holds the search tokens of
its published text.  A `Capability` is a word of the controlled vocabulary; a `SolverListing` is
what an organisation says it can do, a `CallWish` what a poster hopes a solver can do.
The scenarios room pins and changes a card in the transaction that publishes or changes the call,
so the board never shows what is not public and never lacks what is.  What is a hint only (wishes,
capabilities) stands in no frozen document: it decides nobody's eligibility and nobody's points.
"""
