"""Who is asking: organisations, people, memberships with roles, API keys.

Cast.  An `Organization` is a legal unit with a unified social credit code.  A `Person` acts for one
through a `Member` row that holds roles.  An `ApiKey` speaks for one person in one organisation; the
porter (`guards`) turns it into an `Actor`, a frozen value that carries everything a decision about
rights needs.  Rights are decided in actions, on the first line, by `access.require`; what must be
in other hands by `duties.require`, from one table.

What an organisation declares (size, startup status) and what the register says of it (registration,
listings) are dated entries that are added to and never edited; `standing` turns them into findings
for one day.

An `Invitation` offers roles to whoever holds its token.  A `Member` row is the present or last stay
of a person in an organisation, its `MembershipPeriod`s are the history.  Locks are taken in this
order: organisation, invitation, person, member.
"""
