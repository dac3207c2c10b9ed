"""The door to the signals of collusion: for the panel, the bureau and those who watch."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.signals import actions, queries
from marketplace.signals.schemas import CollusionSignalOut, CollusionSignalsOut, JudgeSignalIn
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once

AnyRequest = Request[Actor, None, State]


class CollusionSignalController(Controller):
    """What the opened bids of a call have in common."""

    path = "/v1/scenarios/{scenario_id:uuid}/collusion-signals"
    tags = ("signals",)

    @get(operation_id="collusion_signals_list")
    async def list_signals(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[CollusionSignalsOut]:
        """List the signals of a call with their evidence; none of them decides anything.

        For its panel, its bureau, supervisors and auditors; never for bidders or the poster.
        """
        access.signed_in(actor)
        call = await scenarios.scenario(reader, scenario_id)
        await queries.check_reader(reader, actor, call)
        rows = await queries.signals_of(reader, scenario_id)
        judged = await queries.judgements_of(reader, [one.id for one in rows])
        items = [CollusionSignalOut.of(one, judged.get(one.id, ())) for one in rows]
        run = await queries.run(reader, scenario_id)
        return answer(request, CollusionSignalsOut.of(run, items))

    @get("/{signal_id:uuid}", operation_id="collusion_signals_get")
    async def get_signal(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        signal_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[CollusionSignalOut]:
        """Show one signal of a call."""
        access.signed_in(actor)
        call = await scenarios.scenario(reader, scenario_id)
        await queries.check_reader(reader, actor, call)
        row = await queries.signal(reader, scenario_id, signal_id)
        judged = await queries.judgements_of(reader, [row.id])
        out = CollusionSignalOut.of(row, judged.get(row.id, ()))
        return answer(request, out, version=row.version)

    @post(
        "/{signal_id:uuid}/actions/judge", status_code=200, operation_id="collusion_signals_judge"
    )
    @once()
    async def judge(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        signal_id: FromPath[UUID],
        data: JSONBody[JudgeSignalIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[CollusionSignalOut]:
        """Write down what you make of a signal, as chair of the panel or officer of the bureau.

        It moves no bid: whoever is to be excluded is excluded by the moves of the bid itself.
        """
        access.signed_in(actor)
        row = await actions.judge(
            writer,
            actor,
            scenario_id,
            signal_id,
            judgement=data.judgement,
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        judged = await queries.judgements_of(writer, [row.id])
        out = CollusionSignalOut.of(row, judged[row.id])
        return answer(request, out, version=row.version)
