"""The choice: which ranked bid is awarded, in rank order, by somebody who did not score.

Cast.  A `Candidate` comes from the latest closed round.  An `Award` gives one slot of a call to
one bid; it is decided, announced, and stands when the time for objections is over.  A winner
who does not sign is `forfeited`; only then may the next in rank be awarded, and nobody further
down before.
"""
