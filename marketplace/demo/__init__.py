"""One complete call after another, played on the real house through its own actions.

Cast.  `seeding` loads the seed files; `stories` reads what is to be played; `calls` plays a call
from draft to ranking; `settlement` plays award, pilot and claims; `deliveries` lets a receiver hear
every event; `report` tells how it ended. Every step first looks whether it was done already, so
that a demo that was stopped goes on where it stood.
"""
