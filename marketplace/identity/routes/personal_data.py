"""What is known of oneself, and being forgotten."""

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody

from marketplace.identity.actions import personal_data as actions
from marketplace.identity.queries import people, personal_data
from marketplace.identity.rules import access, retention
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.personal_data import EraseIn, ErasureOut, PersonalDataOut
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.wire.answers import answer

AnyRequest = Request[Actor, None, State]
NO_STORE = {"Cache-Control": "no-store"}


@get("/v1/me/personal-data", operation_id="personal_data_export", tags=["identity"])
async def export_personal_data(
    request: AnyRequest,
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[PersonalDataOut]:
    """Give yourself a copy of everything that names you; that it was taken is in the audit log."""
    access.signed_in(actor)
    person = await people.person(writer, actor.person_id)
    named = await personal_data.records_naming(writer, person.id)
    kept = retention.kept_records(named, on=day_of(clock.now()))
    about = await personal_data.rows_about(writer, person.id)
    return answer(request, PersonalDataOut.of(person, about, named, kept), headers=NO_STORE)


@post(
    "/v1/me/actions/erase", status_code=200, operation_id="personal_data_erase", tags=["identity"]
)
async def erase_personal_data(
    request: AnyRequest,
    data: JSONBody[EraseIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[ErasureOut]:
    """Leave every organisation, lose every credential, and be forgotten as far as the law allows.

    Not repeatable under an Idempotency-Key: whoever is forgotten has nothing to repeat it with.
    """
    done = await actions.erase(writer, actor, now=clock.now())
    return answer(request, ErasureOut.of(done), headers=NO_STORE)
