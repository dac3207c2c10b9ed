"""The same datasets in a bucket of a real S3-compatible process."""

import datetime as dt
import os
from pathlib import Path
from uuid import UUID

import httpx

from marketplace.datasets.actions import downloading, sweeping, uploading
from marketplace.datasets.actions.downloading import Admitted
from marketplace.datasets.queries import data
from marketplace.house import House, open_house
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.kit.objects import Bucket, S3Storage, open_bucket
from marketplace.kit.storage import whole
from marketplace.settings import Settings
from tests.given import datasets as given
from tests.given.processes import an_s3_service

MEBIBYTE = 1024 * 1024
PART = 8 * MEBIBYTE
CONTENT = os.urandom(MEBIBYTE) * 20


async def test_a_setting_puts_the_files_into_a_bucket(tmp_path: Path) -> None:
    """With a bucket named, the house keeps its files there and in no folder."""
    settings = Settings(
        data_dir=tmp_path, s3_bucket="some-bucket", s3_endpoint="http://127.0.0.1:9"
    )

    house = open_house(settings, SystemClock())

    assert isinstance(house.storage, S3Storage)
    await house.database.close()


async def test_an_upload_in_parts_comes_out_of_a_bucket_by_range(
    client: httpx.AsyncClient, house: House
) -> None:
    """Parts, whole, range and sweep: what holds for the folder holds for the bucket."""
    library = await given.a_library(client, house)
    upload = await library.begin(await library.version(), CONTENT, kind="opaque")
    upload_id = UUID(upload.rpartition("/")[2])
    actor, clock = library.custodian.actor, house.clock

    async with an_s3_service() as url:
        bucket = open_bucket(
            Bucket(
                name="jiebang-test",
                region="us-east-1",
                endpoint=url,
                access_key="tests",
                secret_key="only",
            )
        )
        for start in range(0, len(CONTENT), PART):
            part = CONTENT[start : start + PART]
            await uploading.put_part(
                house.database,
                bucket,
                actor,
                upload_id,
                start=start,
                sha256=given.sha256(part),
                chunks=whole(part),
                bytes_max=PART,
                clock=clock,
            )
        made = await uploading.complete(house.database, bucket, actor, upload_id, clock=clock)
        orphan = await bucket.within("datasets").store_bytes(b"left behind")
        swept = await sweeping.sweep(
            house.database,
            bucket,
            patience=dt.timedelta(days=1),
            clock=clock,
            wall=FixedClock(SystemClock().now() + dt.timedelta(hours=3)),
        )
        agreement = await sweeping.compare(house.database, bucket)
        async with house.database.reading() as session:
            row = await data.file(session, made.id)
        source = bucket.within("datasets").stream(row.stored_name, start=PART - 5, length=10)
        taken = b"".join([piece async for piece in source])

    assert made.sha256 == given.sha256(CONTENT)
    assert taken == CONTENT[PART - 5 : PART + 5]
    assert swept.files == 1, orphan
    assert agreement.rows_without_file == agreement.files_without_row == frozenset()
    assert downloading.etag_of(Admitted(file=row, span=None, token_id=None).file) == (
        f'"{given.sha256(CONTENT)}"'
    )
