"""Which rules hold for a call: rule profiles per legal track, working-day calendars, deadlines.

Who is who: a *track* is the legal path a call takes (a grant, a tender, a consultation ...).  A
*rule profile* is one dated version of everything that is a number or a choice on that track, each
with the article it comes from; a call pins the version under which it was published and never
changes it.  A *year calendar* says which days of one year are working days, as the State Council
announced them.  A *deadline* is computed from an anchor, a period and the calendar, and explains
every date it skipped.  A *suspension* is a stretch in which the clock stands.  The *questionnaire*
finds the tracks that fit a call which is still an idea.

What is promised: a version, once loaded, never changes; a deadline that would need a year which
is not loaded is refused, never guessed; suspended time is given back exactly once; no rule here
reads the clock.
"""
