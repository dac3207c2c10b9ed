"""What the installation signs, and the keys by which others check it.

Cast.  A `SigningKey` is a pair of Ed25519 keys: the private one is sealed under the master key, the
public one is shown to everybody for ever, with the time in which it signed.  One at a time signs;
the first is made when the first document needs a signature.
This room knows no word of the trade: receipts, records and checkpoints are what others make of it.
"""
