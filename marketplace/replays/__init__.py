"""Hearing it again: everything that an endpoint could hear in a range of the log is sent once more.

Cast.  A `Replay` is an endpoint, a range of the log, and how far the job has come in it.  The
messages are ordinary deliveries: a finished one is started again, a missing one is made, one that
is still owed is left alone; so a replayed message carries the `webhook-id` it always had.

What moves it.  The job takes one batch after the other, each in one transaction that holds the
replay and its endpoint, makes the deliveries and writes down how far it came: whoever is killed in
the middle leaves nothing half done, and nothing is counted twice.

What is promised: what is told is what the owner may hear at that moment, not when it was told
first.  `done` is exact at every moment.  `total` is what could be heard when the replay was asked
for; if that has changed on the way it is put right, at the end at the latest.
Lock order: the replay, then its endpoint.
"""
