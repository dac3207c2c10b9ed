"""Who can open what was sealed: no single person, and not the platform.

Cast.  A `CustodyKey` is the public key of an officer or a supervisor; its private key is with that
person, or locked by a passphrase that is stored nowhere.  A `Lockbox` is a pair of keys for one
call: bids are closed with the public one, and the private one is split into three `LockboxShare`s
and forgotten at once.  Any two shares open: one is closed to the custodians on the officer's side,
one to those on the supervisor's, the third to a recovery key that is kept offline, if there is one.
This room knows no calls and no bids: it makes lockboxes, takes shares back, and joins them.
Lock order: whoever locks the thing a lockbox belongs to does so first.
"""
