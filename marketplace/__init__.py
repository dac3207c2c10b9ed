"""揭榜 Jiebang: open calls for AI scenarios.

The story of one call.  A bureau or a company drafts a scenario, its end user signs the need, and
the bureau reviews, approves and publishes it under the rules of its legal track.  Solvers seal
their bids until the deadline; then an officer and a supervisor open all of them in one act.
Eligibility is checked item by item, prediction files are measured against a hidden set, a panel
marks and signs.  A ranking round turns all of it into places that anybody can compute again from
one document.  The first place that is willing gets the award and becomes a pilot; its cost is
shared phase by phase among three funders, also when it fails without fault.  Every fen of that
stands in a double-entry ledger, and whatever happens is said once, as an event, and delivered.

README.md has the map of the rooms; each room's docstring has its cast.
"""

__version__ = "0.1.0"
