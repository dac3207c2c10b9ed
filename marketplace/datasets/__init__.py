"""The data of a call: described, delivered whole, lent to who may have it, taken back at once.

Cast.  A `Dataset` is what a call opens under one code: a manifest that its custodian keeps up to
date.  A `DatasetVersion` is one delivery of it; sealing fixes its manifest and the digests of its
files for ever, publishing opens it, withdrawing closes it to everybody with the next request.  A
`DatasetUpload` takes one file in parts and survives every interruption.  An `AccessRequest` asks
for a version under its terms; once the custodian has approved it, a member of the organisation
draws a `DatasetToken`.  A `DatasetDownload` is written before the first byte leaves.  A
`DeletionCertificate` ends it.
Who asks for data may be about to bid, so requests, tokens and downloads are known to the asking
organisation, the custodian, auditors and supervisors, and to nobody else, not even as a number.
Files and rows agree: a file is written first, its row makes it exist, and what a crash has left
without a row is swept away.
Lock order: dataset, version, then upload, request or token.
"""
