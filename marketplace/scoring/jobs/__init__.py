"""What ticks in the scoring room.

Any number of processes may do this at the same time.  A process that is killed loses nothing: what
it had leased comes due again when the lease runs out.
"""
