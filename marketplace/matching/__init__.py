"""Supply meets demand (供需对接): who suits a call, what is like it, where both sides meet.

Cast.  A `Matchmaking` is a meeting with a host, a time, a place and the calls it is about.  A
`Registration` says that an organisation comes; its host and that organisation know of it, nobody
else, because who comes to hear of an open call may bid on it.  A `MeetingOutcome` is what the host
noted for one call afterwards.
Lock order: the meeting first, then its registrations.
"""
