"""Being called: signed deliveries of events to the addresses that organisations register.

Cast.  An `Endpoint` is an address an organisation wants called, with a secret of its own.  A
`Delivery` is one event owed to one endpoint; the bytes are the event's.  An `Attempt` is one try.

What moves them.  `fan_out` turns new events into deliveries, once.  `lease` hands due deliveries
to a worker for a minute, the worker dials with no session open, `record` writes down what came
of it: many at a time, by one hand.  Who may hear an event is judged at both ends.

What is promised: at least once, until the schedule ends in a dead letter that is kept; the same
bytes and the same `webhook-id` on every attempt; a valid signature.  The lease is only an
optimisation: if a worker dies, or sleeps through its lease, the receiver sees the same `webhook-id`
again and nothing else goes wrong, because a worker may only record under the token it was given.
"""
