"""The door to datasets and their versions."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.datasets.actions import describing, versions
from marketplace.datasets.queries import data, lending
from marketplace.datasets.schemas.data import (
    DatasetFileOut,
    DatasetIn,
    DatasetOut,
    DatasetVersionOut,
    PublishVersionIn,
    ReviseDatasetIn,
    WithdrawVersionIn,
)
from marketplace.datasets.schemas.lending import UsageOut, YearOut
from marketplace.datasets.tables.data import Dataset, DatasetVersion
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, number_after, page_of
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
Year = Annotated[int, QueryParameter(ge=2000, le=2999, description="The calendar year.")]


class ScenarioDatasetController(Controller):
    """The datasets of a call."""

    path = "/v1/scenarios/{scenario_id:uuid}/datasets"
    tags = ("datasets",)

    @post(operation_id="datasets_create")
    @once()
    async def create(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[DatasetIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetOut]:
        """Describe a dataset of a call, as the call's content names it."""
        row = await describing.create(
            writer,
            actor,
            scenario_id,
            code=data.code,
            source_id=data.source_id,
            manifest=data.manifest.document(),
            now=clock.now(),
        )
        return answer(request, DatasetOut.of(row), version=row.version, status=201)

    @get(operation_id="datasets_list")
    async def list_datasets(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[DatasetOut]]:
        """List the datasets of a call you may know of."""
        rows = await data.datasets_of(
            reader, actor, scenario_id, after=id_after(cursor), limit=limit + 1
        )
        page = page_of([DatasetOut.of(row) for row in rows], limit, "id")
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))


class DatasetController(Controller):
    """One dataset and its versions."""

    path = "/v1/datasets/{dataset_id:uuid}"
    tags = ("datasets",)

    @get(operation_id="datasets_get")
    async def get_dataset(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[DatasetOut]:
        """Show a dataset with the manifest as it stands now."""
        found = await data.dataset_seen_by(reader, actor, dataset_id)
        return answer(request, DatasetOut.of(found.row), version=found.row.version)

    @put(operation_id="datasets_revise")
    async def revise(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        data: JSONBody[ReviseDatasetIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetOut]:
        """Replace the manifest for the versions to come; sealed ones keep theirs."""
        access.signed_in(actor)
        row = await describing.revise(
            writer,
            actor,
            dataset_id,
            manifest=data.manifest.document(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, DatasetOut.of(row), version=row.version)

    @get("/usage", operation_id="datasets_usage")
    async def usage(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        year: Year,
    ) -> Response[YearOut]:
        """Meter the sharing of a dataset in a year, for its custodian and for auditors."""
        access.signed_in(actor)
        found = await data.dataset_seen_by(reader, actor, dataset_id)
        lending.check_knows(actor, found.row)
        since, until = lending.year_in_shenzhen(year)
        counted = await lending.usage(reader, since=since, until=until, dataset_id=dataset_id)
        items = [UsageOut.of(one) for one in counted] or [UsageOut.none_of(found.row)]
        return answer(request, YearOut(year=year, since=since, until=until, items=items))

    @post("/versions", operation_id="dataset_versions_create")
    @once()
    async def begin_version(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetVersionOut]:
        """Begin the next version; it takes files until it is sealed."""
        row = await versions.begin(writer, actor, dataset_id, now=clock.now())
        return await described(request, writer, actor, row, status=201)

    @get("/versions", operation_id="dataset_versions_list")
    async def list_versions(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[DatasetVersionOut]]:
        """List the versions of a dataset you may know of, oldest first."""
        found = await data.dataset_seen_by(reader, actor, dataset_id)
        rows = await data.versions_of(
            reader, actor, found, after=number_after(cursor), limit=limit + 1
        )
        shown = [await out_of(reader, actor, found, row) for row in rows]
        page = page_of(shown, limit, "number")
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))

    @get("/versions/{number:int}", operation_id="dataset_versions_get")
    async def get_version(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[DatasetVersionOut]:
        """Show one version with its files and their profiles."""
        _, row = await data.version_seen_by(reader, actor, dataset_id, number)
        return await described(request, reader, actor, row)

    @post("/versions/{number:int}/actions/seal", status_code=200,
          operation_id="dataset_versions_seal")  # fmt: skip
    @once()
    async def seal(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetVersionOut]:
        """Fix manifest and files of a version for ever, under one digest."""
        access.signed_in(actor)
        row = await versions.seal(
            writer,
            actor,
            dataset_id,
            number,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, actor, row)

    @post("/versions/{number:int}/actions/publish", status_code=200,
          operation_id="dataset_versions_publish")  # fmt: skip
    @once()
    async def publish(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        data: JSONBody[PublishVersionIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetVersionOut]:
        """Open a sealed version, as the custodian who attests its quality."""
        access.signed_in(actor)
        row = await versions.publish(
            writer,
            actor,
            dataset_id,
            number,
            attestation=data.document(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, actor, row)

    @post("/versions/{number:int}/actions/withdraw", status_code=200,
          operation_id="dataset_versions_withdraw")  # fmt: skip
    @once()
    async def withdraw(
        self,
        request: AnyRequest,
        dataset_id: FromPath[UUID],
        number: FromPath[int],
        data: JSONBody[WithdrawVersionIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[DatasetVersionOut]:
        """Take a version back from everybody at once: every token fails with the next request."""
        access.signed_in(actor)
        row = await versions.withdraw(
            writer,
            actor,
            dataset_id,
            number,
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, actor, row)


@get(
    "/v1/organizations/{organization_id:uuid}/dataset-usage",
    operation_id="data_sources_usage",
    tags=["datasets"],
)
async def usage_of_source(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    year: Year,
) -> Response[YearOut]:
    """Meter the sharing of every dataset of a data-source unit in a year."""
    access.signed_in(actor)
    lending.check_knows_of_source(actor, organization_id)
    since, until = lending.year_in_shenzhen(year)
    counted = await lending.usage(reader, since=since, until=until, source_id=organization_id)
    items = [UsageOut.of(one) for one in counted]
    return answer(request, YearOut(year=year, since=since, until=until, items=items))


async def described(
    request: AnyRequest,
    session: ReadSession,
    actor: Actor,
    row: DatasetVersion,
    *,
    status: int = 200,
) -> Response[DatasetVersionOut]:
    """Answer with a version as this caller may see it."""
    found = await data.dataset_seen_by(session, actor, row.dataset_id)
    out = await out_of(session, actor, found, row)
    return answer(request, out, version=row.version, status=status)


async def out_of(
    session: ReadSession, actor: Actor, found: data.Found, row: DatasetVersion
) -> DatasetVersionOut:
    """Describe a version as this caller may see it."""
    files = [DatasetFileOut.of(one) for one in await data.files_of(session, row.id)]
    dataset: Dataset = found.row
    return DatasetVersionOut.of(dataset, row, files, data.knows_from_inside(actor, found))
