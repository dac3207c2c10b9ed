"""The storage as a bucket: any service that speaks S3, through obstore (the extra `s3`).

Only an installation that names a bucket imports this module.  A write is atomic: an object shows
when its last part has arrived, and a stream that breaks off leaves none.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import obstore
from obstore.store import S3Store

from marketplace.kit.ids import new_id
from marketplace.kit.storage import (
    PIECE_BYTES,
    FileMissing,
    Meter,
    StoredFile,
    into_unnamed,
    whole,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3Config

PART_BYTES: Final = 8 * 1024 * 1024
"""Of a multipart upload; the protocol asks for five mebibytes at least."""
PARTS_AT_ONCE: Final = 2
"""Kept in memory while they are sent: an upload costs about twice `PART_BYTES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where the bucket is, and what opens it; empty keys: whatever the machine's own role gives."""

    name: str
    region: str
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True, slots=True)
class S3Storage:
    """A bucket, or all objects of it under one prefix."""

    store_of_objects: "ObjectStore"
    prefix: str = ""

    async def store(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> StoredFile:
        """Write a stream under a new name."""
        name = str(new_id())
        meter = Meter(bytes_max)
        await obstore.put_async(
            self.store_of_objects,
            self._key(name),
            meter.through(chunks),
            chunk_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )
        return meter.stored(name)

    async def store_bytes(self, content: bytes) -> StoredFile:
        """Write bytes that are already here."""
        return await self.store(whole(content), bytes_max=len(content))

    async def read(self, name: str) -> bytes:
        """Read a whole file."""
        return b"".join([piece async for piece in self.stream(name)])

    async def stream(
        self, name: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Read a file piece by piece; a range is asked for as one, nothing else is sent."""
        if length == 0:
            return
        try:
            found = await obstore.get_async(
                self.store_of_objects,
                self._key(name),
                options={"range": {"offset": start} if length is None else (start, start + length)},
            )
        except FileNotFoundError as missing:
            raise FileMissing(name=name) from missing
        async for piece in found.stream(min_chunk_size=PIECE_BYTES):
            yield bytes(piece)

    async def lent(self, name: str) -> BinaryIO:
        """Fetch a whole file."""
        return await into_unnamed(self.stream(name))

    async def discard(self, name: str) -> None:
        """Remove an object; that there is none is as good."""
        try:
            await obstore.delete_async(self.store_of_objects, self._key(name))
        except FileNotFoundError:
            return

    async def names(self) -> AsyncGenerator[str, None]:
        """List what lies under this prefix and not in an area inside it."""
        listing = obstore.list(self.store_of_objects, prefix=self.prefix or None)
        async for page in listing:
            for found in page:
                folder, _, name = found["path"].rpartition("/")
                if folder == self.prefix:
                    yield name

    def within(self, area: str) -> "S3Storage":
        """Offer a prefix of its own inside this one."""
        return S3Storage(self.store_of_objects, f"{self.prefix}/{area}".strip("/"))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}".strip("/")


def open_bucket(bucket: Bucket) -> S3Storage:
    """Open a bucket; plain http is spoken only with an endpoint that says so."""
    config: S3Config = {"region": bucket.region}
    # What is not set is left out: the library would take an empty text for a value.
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    if bucket.access_key:
        config["access_key_id"] = bucket.access_key
        config["secret_access_key"] = bucket.secret_key
    http = bucket.endpoint.startswith("http://")
    return S3Storage(S3Store(bucket.name, config=config, client_options={"allow_http": http}))
