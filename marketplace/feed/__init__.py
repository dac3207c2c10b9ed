"""Hearing what was said: the feed, the live stream, and the proof that nothing was changed.

Cast.  The log belongs to the events room; here it is told to whoever may hear it.  A `Place` is
where somebody stopped reading.  A checkpoint vouches for what was said before it.

What is promised: in the order of the log, at least once, and nothing is ever said behind a place
that was given out.  What somebody may hear is judged when it is told.  A place tells nothing: it is
a number that only the platform can read, so that nobody can count what they may not hear.
"""
