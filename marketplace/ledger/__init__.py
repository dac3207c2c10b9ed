"""Money that cannot be lost: a double-entry journal, the only place where amounts are stated.

Cast.  An `Account` is a kind, an owner and a scope.  An `Entry` moves fen between accounts: its
legs sum to zero, it has a cause (the event that made it true) and an idempotency key.  Entries
are never changed; a mistake is reversed.  The balance of an account is a cache of the sum of
its legs, and `audit` checks that it is.

Promised: a guarded account never falls below zero, whatever races, because one conditional
statement changes its balance and a CHECK stands behind it.  Locks are taken in one order
(`accounts.lock_order`): hot rows last.
"""
