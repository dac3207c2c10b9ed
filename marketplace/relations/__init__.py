"""Who is tied to whom: owners, controllers and officers, by dates.

Cast.  A `Party` is an organisation of the register, an outside company or a natural person.  An
`OwnershipEdge` says that one party holds, controls or serves another from a day on; it is never
edited, only ended.  A `Relation` is the answer to "are these two related?" with the edges that
prove it.  A `StandingCheck` is what was found about an organisation, standing and relation, when a
bid, a decision, a contract or a payment depended on it.
"""
