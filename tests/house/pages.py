"""Writes the pages of `docs/` that are made from the code: `python -m tests.house.pages`.

A page that is written by hand beside the code soon tells of another house. These are made from the
code, kept in the repository so that a change is read like code, and compared by `test_docs.py` and
`test_openapi.py`.
"""

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from litestar import Litestar

import marketplace
from marketplace import __version__
from marketplace.app import create_app
from marketplace.events.rules.envelope import Event, Visibility
from marketplace.feed.rules.asyncapi import document as describe
from marketplace.house import House
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.lifecycle import Lifecycle, Move
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage
from marketplace.settings import PREFIX, REPOSITORY, Settings
from marketplace.wire.openapi import document_text
from marketplace.wire.problems import STATUS_OF_KIND, TITLES_OF_STATUS, TYPE_BASE, status_of
from tests.house import rights, yardsticks
from tests.house.paper import MADE, table
from tests.house.source import ROOT, tracked

DOCS: Final = ROOT / "docs"


@cache
def modules() -> tuple[ModuleType, ...]:
    """Import every module of the house."""
    found = pkgutil.walk_packages(marketplace.__path__, "marketplace.")
    names = sorted(one.name for one in found if not one.name.endswith(".__main__"))
    return tuple(importlib.import_module(name) for name in names)


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """Visit every class of the house below `kind`.

    A dataclass with slots is made twice, and the first one lingers; what its module holds counts.
    """
    modules()
    for below in kind.__subclasses__():
        known = sys.modules.get(below.__module__)
        if getattr(known, below.__name__, None) is below and known in modules():
            yield below
        yield from subclasses(below)


@cache
def refusals() -> tuple[type[MarketplaceError], ...]:
    """List every way the house says no, by code."""
    return tuple(sorted(set(subclasses(MarketplaceError)), key=lambda one: one.code))


@cache
def event_types() -> tuple[type[Event], ...]:
    """List every event the house can say, by type."""
    return tuple(sorted(set(subclasses(Event)), key=lambda one: one.TYPE))


@cache
def lifecycles() -> tuple[Lifecycle, ...]:
    """List every state table, by the thing that moves."""
    found = {
        value.thing: value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, Lifecycle)
    }
    return tuple(found[thing] for thing in sorted(found))


def first_line(kind: type[Any]) -> str:
    """Read the first paragraph of a docstring as one line."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def configuration() -> str:
    """Write the page of settings."""
    meanings = texts_under(Settings)
    rows = [
        (
            f"`{PREFIX}{field.name.upper()}`",
            meanings[field.name],
            _default(field.default),
        )
        for field in dataclasses.fields(Settings)
    ]
    return f"""{MADE}

# Settings

Every setting is an environment variable. All have a default that suits one machine; a value that
cannot be used is refused when the house starts. Commands take `--data FOLDER` instead of
`{PREFIX}DATA_DIR`.

{table(("variable", "meaning", "default"), rows)}
"""


def _default(value: object) -> str:
    if isinstance(value, Path) and value.is_relative_to(REPOSITORY):
        return f"`{value.relative_to(REPOSITORY)}/` beside the code"
    return "empty" if value == "" else f"`{value}`"


def errors() -> str:
    """Write the catalogue of refusals."""
    rooms: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for kind in refusals():
        rooms[kind.code.partition(".")[0]].append(
            (f"`{kind.code}`", str(status_of(kind())), kind.title_zh, kind().title_en)
        )
    own = {kind.code for kind in refusals()}
    for status, (code, zh, en) in sorted(TITLES_OF_STATUS.items()):
        if code not in own:
            rooms[code.partition(".")[0]].append((f"`{code}`", str(status), zh, en))
    parts = [
        f"## {room}\n\n{table(('code', 'status', '中文', 'English'), sorted(rows))}"
        for room, rows in sorted(rooms.items())
    ]
    statuses = ", ".join(
        f"{kind.__name__} {status}"
        for kind, status in sorted(STATUS_OF_KIND.items(), key=lambda item: item[1])
    )
    return f"""{MADE}

# Refusals

A refusal is an RFC 9457 document (`application/problem+json`): `type` is `{TYPE_BASE}` and the
code, `code` never changes its meaning, `title` is Chinese unless `Accept-Language` asks for English
first, and the facts of the case are further members. What a caller may not know of is answered as
if it did not exist.

Kinds and their status: {statuses}.

{(chr(10) * 2).join(parts)}
"""


def events() -> str:
    """Write the catalogue of events."""
    who = texts_under(Visibility)
    heard = "\n".join(f"- `{kind.value}`: {who[kind.name]}" for kind in Visibility)
    parts = [_event(kind) for kind in event_types()]
    return f"""{MADE}

# Events

Everything of weight is said once, in the transaction that made it true. Each event carries `id`,
`type`, `schema_version`, `subject`, `sequence` (1, 2, 3 … for each subject, without holes),
`occurred_at`, the kind of actor, and the fields below as `data`. Who may hear it:

{heard}

{(chr(10) * 2).join(parts)}
"""


def _event(kind: type[Event]) -> str:
    rows = [
        (f"`{field.name}`", f"`{_type_text(field.type)}`") for field in dataclasses.fields(kind)
    ]
    subject = kind.SUBJECT.removesuffix("_id")
    return f"""## `{kind.TYPE}`

{first_line(kind)}

Subject `{subject}` · heard by `{kind.VISIBILITY.value}` · version {kind.VERSION}

{table(("field", "type"), rows)}"""


def _type_text(kind: Any) -> str:
    text = kind if isinstance(kind, str) else inspect.formatannotation(kind)
    return text.replace("datetime.", "").replace("uuid.", "")


def texts_under(kind: type[Any]) -> dict[str, str]:
    """Read the text that stands under each field or member of a class."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for named, told in zip(tree.body, tree.body[1:], strict=False):
        match named, told:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str() as meaning)),
            ):
                found[name] = " ".join(meaning.split())
    return found


def state_tables() -> str:
    """Write every state table."""
    head = ("move", "verb", "from", "to", "by", "what else must hold", "what follows")
    parts = []
    for lifecycle in lifecycles():
        rows = [_move(lifecycle, move) for move in lifecycle.moves]
        parts.append(f"\n## {lifecycle.thing}\n\n{table(head, rows)}\n\n{diagram(lifecycle)}")
    return f"""{MADE}

# State tables

What is not in a table cannot happen: the same rows check a request, fill `allowed_actions` in an
answer, and make this page. `by` names roles; `system` is time, or a consequence of another move.
The diagrams are drawn from the rows as well.
{chr(10).join(parts)}
"""


def diagram(lifecycle: Lifecycle) -> str:
    """Draw a state table as a Mermaid diagram, one arrow per source of a move."""
    order = [state.value for state in lifecycle.states]
    left = {source for move in lifecycle.moves for source in move.sources}
    arrows = []
    for move in lifecycle.moves:
        for source in sorted(move.sources, key=order.index) or ["[*]"]:
            arrows.append(f"    {source} --> {move.target}: {move.id} {move.verb}")
    arrows += [f"    {state} --> [*]" for state in order if state not in left]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


def _move(lifecycle: Lifecycle, move: Move) -> tuple[str, ...]:
    order = [state.value for state in lifecycle.states]
    sources = sorted(move.sources, key=order.index)
    return (
        move.id,
        f"`{move.verb}`",
        ", ".join(f"`{source}`" for source in sources) or "(new)",
        f"`{move.target}`",
        ", ".join(move.by),
        "; ".join(move.guards),
        "; ".join(move.effects),
    )


@cache
def app_over_nothing() -> Litestar:
    """Build the app without opening a database, a folder or a key."""
    house = House(
        settings=Settings(),
        database=Database("sqlite+aiosqlite:///never-opened.db"),
        storage=LocalStorage(Path("never-opened")),
        keeper=Keeper.from_text("a key that never seals anything"),
        clock=SystemClock(),
    )
    return create_app(house)


@cache
def openapi_document() -> dict[str, Any]:
    """Read the OpenAPI document as it is served."""
    document: dict[str, Any] = json.loads(openapi())
    return document


def openapi() -> str:
    """Write the OpenAPI document, as `jiebang schema` does."""
    return document_text(app_over_nothing())


FOLDERS: Final = {
    "": ("Reference", "What the house says, refuses, and can be told; made from the code."),
    "algorithms": ("Algorithms", "How a figure or a date is found, with numbers to check by hand."),
    "decisions": ("Decisions", "What binds everybody, why, and which test holds it."),
}
"""What the folders of `docs/` hold."""


def index() -> str:
    """Write the index of the pages: every page under its own title."""
    parts = []
    found = sorted(path.relative_to("docs") for path in tracked() if path.parts[0] == "docs")
    for folder in sorted({path.parent.as_posix().removeprefix(".") for path in found}):
        title, told = FOLDERS.get(folder, (folder.capitalize(), ""))
        lines = [
            f"- [{_title(path)}]({path.as_posix()})"
            for path in found
            if path.parent == Path(folder) and path.name != "README.md"
        ]
        parts.append("\n".join([f"## {title}", "", told, "", *lines]))
    return f"""{MADE}

# The papers of the house

How to run it is in the [README](../README.md), how to change it in
[CONTRIBUTING](../CONTRIBUTING.md), how to report a weakness in [SECURITY](../SECURITY.md), what has
changed in the [CHANGELOG](../CHANGELOG.md).

{(chr(10) * 2).join(parts)}
"""


def asyncapi() -> str:
    """Write the document of events."""
    described = describe(event_types(), version=__version__)
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _title(path: Path) -> str:
    if path.suffix != ".md":
        return {"openapi.json": "OpenAPI document"}.get(path.name, "AsyncAPI document")
    text = (DOCS / path).read_text(encoding="utf-8")
    heading = next(line for line in text.splitlines() if line.startswith("# "))
    return heading.removeprefix("# ").strip()


PAGES: Final[dict[str, Callable[[], str]]] = {
    "configuration.md": configuration,
    "duties.md": rights.duties_page,
    "errors.md": errors,
    "events.md": events,
    "state-tables.md": state_tables,
    "permissions.md": rights.permissions,
    "openapi.json": openapi,
    "asyncapi.json": asyncapi,
    "algorithms/metrics.md": yardsticks.metrics_page,
    "README.md": index,
}
"""The index stands last: it reads the titles of the others."""


def main() -> None:
    """Write every page anew."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        tracked.cache_clear()
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
