"""The migrations make the database that the tables describe, on SQLite and on PostgreSQL."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Constraint, Index, Inspector, inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from marketplace import registry
from marketplace.board.tables import SEARCH_TABLE
from marketplace.migrate import migrate, migration_config
from tests.house import source
from tests.house.old_rows import AN_OLD_BID, AN_ORGANIZATION, OWED_IN_ORDER
from tests.postgres_server import PostgresServer, create_database, execute

pytestmark = pytest.mark.long

NAME_LENGTH_MAX: Final = 63
"""PostgreSQL cuts longer names off, and a name that was cut off cannot be dropped."""

VERSION_TABLE: Final = "alembic_version"

BROKEN: Final = """
import sqlalchemy as sa
from alembic import op

revision = "broken"
down_revision = "{head}"


def upgrade():
    op.create_table("left_behind", sa.Column("id", sa.Integer()))
    raise RuntimeError("half way")
"""


@pytest.fixture
def url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database: no table, no version."""
    if engine == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"migrations_{uuid4().hex}"
    create_database(server, name)
    yield server.url(name)
    execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _asked(url: str, question: Any) -> Any:
    """Put a question that wants a plain connection to a database."""

    async def ask() -> Any:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(question)
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def schema(connection: Connection) -> dict[str, dict[str, Any]]:
    """Describe every table of a database as its dialect sees it."""
    seen = inspect(connection)
    return {
        table: {
            "columns": {one["name"]: _column(one) for one in seen.get_columns(table)},
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": _sorted(seen.get_foreign_keys(table)),
            "unique": _sorted(seen.get_unique_constraints(table)),
            "checks": _sorted(seen.get_check_constraints(table)),
            "indexes": _sorted(seen.get_indexes(table)),
            "counts up": _counts_up(connection, table),
        }
        for table in seen.get_table_names()
        if table != VERSION_TABLE
    }


def _column(column: Any) -> tuple[str, bool, str]:
    return str(column["type"]), column["nullable"], str(column["default"])


def _sorted(items: Any) -> list[str]:
    return sorted(_plain(item) for item in items)


def _plain(value: Any) -> str:
    """Write what was found so that it can be compared; a condition is compared as its text."""
    if isinstance(value, dict):
        return str(sorted((name, _plain(item)) for name, item in value.items()))
    return str(value)


def _counts_up(connection: Connection, table: str) -> bool:
    if connection.dialect.name != "sqlite":
        return False  # a default of the column, compared with the others
    written = text("SELECT sql FROM sqlite_master WHERE name = :table")
    return "AUTOINCREMENT" in str(connection.execute(written, {"table": table}).scalar())


def difference(connection: Connection) -> list[str]:
    """Ask Alembic what a new migration would contain."""
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": _is_described,
        "include_object": _is_of_this_database(connection.dialect.name),
    }
    context = MigrationContext.configure(connection, opts=options)
    return [str(one) for one in compare_metadata(context, registry.metadata())]


def _is_described(name: str | None, kind: str, _: Any) -> bool:
    """Leave out SQLite's full-text index and the tables that FTS5 keeps behind it: no models."""
    return not (kind == "table" and (name or "").startswith(SEARCH_TABLE))


def _is_of_this_database(dialect: str) -> Any:
    """Leave out the index that only PostgreSQL is given: Alembic does not read the condition."""

    def included(item: Any, name: str | None, kind: str, *_: Any) -> bool:
        return not (kind == "index" and name == "ix_board_text_tokens" and dialect == "sqlite")

    return included


def test_there_is_one_head() -> None:
    """Two heads would leave it to chance which of two schemas a database gets."""
    script = ScriptDirectory.from_config(migration_config("sqlite+aiosqlite://"))

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_every_room_with_tables_is_registered() -> None:
    """Tables that the registry does not import would be in no migration."""
    on_disk = {
        path.parts[1]
        for path in source.python_files("marketplace")
        if len(path.parts) > 2 and Path(path.parts[2]).stem == "tables" and path.parts[1] != "kit"
    }

    assert on_disk == set(registry.ROOMS_WITH_TABLES)


@pytest.mark.postgres
def test_migrations_make_what_the_tables_describe(url: str) -> None:
    """A migrated database lacks nothing and has nothing more: Alembic finds nothing to change."""
    migrate(url)

    assert _asked(url, difference) == []


@pytest.mark.postgres
def test_a_migrated_database_equals_a_created_one(url: str) -> None:
    """Checks, partial indexes and counters, which Alembic does not compare, are there too."""
    migrate(url)
    migrated = _asked(url, schema)
    command.downgrade(migration_config(url), "base")
    _asked(url, registry.metadata().create_all)

    created = _asked(url, schema)
    assert migrated.keys() == created.keys()
    for table, its in created.items():
        assert migrated[table] == its, table


@pytest.mark.postgres
def test_up_down_and_up_again(url: str) -> None:
    """Every migration can be taken back and done again; afterwards no trace of it is left."""
    migrate(url)
    command.downgrade(migration_config(url), "base")
    left = _asked(url, lambda connection: inspect(connection).get_table_names())
    migrate(url)

    assert left == [VERSION_TABLE]
    assert _asked(url, difference) == []


@pytest.mark.postgres
def test_marks_of_the_first_release_become_the_beginning_of_a_history(url: str) -> None:
    """Size, startup status and the mark of dishonesty are carried over, dated by registration."""
    migrate(url, "0001")
    _asked(url, lambda connection: connection.execute(text(AN_ORGANIZATION)))
    migrate(url)

    def carried(connection: Connection) -> list[str]:
        asked = (
            "SELECT size_class, effective_from FROM size_declaration",
            "SELECT is_startup, as_of FROM startup_declaration",
            "SELECT lifted_on, listed_from FROM blacklist_entry",
        )
        return [
            " ".join(str(one) for one in connection.execute(text(question)).one())
            for question in asked
        ]

    size, startup, listing = _asked(url, carried)
    assert size == "small 2026-03-03"
    assert startup in {"True 2026-03-03", "1 2026-03-03"}
    assert listing == "None 2026-03-03"
    command.downgrade(migration_config(url), "0001")
    marked = _asked(url, lambda found: found.execute(text("SELECT blacklisted FROM organization")))
    assert bool(marked.scalar_one()) is True


@pytest.mark.postgres
def test_offers_of_the_old_seal_are_not_left_behind_a_key_that_is_gone(url: str) -> None:
    """While one is sealed and unopened the migration stops, says so, and changes nothing."""
    migrate(url, "0011")

    def an_old_bid(connection: Connection) -> None:
        for statement in AN_OLD_BID:
            connection.execute(text(statement))

    _asked(url, an_old_bid)
    before = _asked(url, schema)

    with pytest.raises(RuntimeError, match="sealed under the master key"):
        migrate(url, "0012")
    unchanged = _asked(url, schema)
    _asked(url, lambda connection: connection.execute(text("UPDATE bid SET state = 'withdrawn'")))
    migrate(url, "0012")

    assert unchanged == before
    assert "lockbox" in _asked(url, schema)


@pytest.mark.postgres
def test_what_waited_in_line_loses_its_time_and_nothing_else_does(url: str) -> None:
    """The first keeps it, and what is under way; going back, everything has one again."""
    migrate(url, "0029")

    def owed(connection: Connection) -> None:
        for statement in (AN_OLD_BID[0], *OWED_IN_ORDER):
            connection.execute(text(statement))

    def timed(connection: Connection) -> list[bool]:
        found = connection.execute(text("SELECT next_at FROM webhook_delivery ORDER BY id"))
        return [at is not None for at in found.scalars()]

    _asked(url, owed)
    migrate(url, "0030")
    after = _asked(url, timed)
    command.downgrade(migration_config(url), "0029")

    assert after == [True, True, False]
    assert _asked(url, timed) == [True, True, True]


@pytest.mark.postgres
def test_migrating_twice_changes_nothing(url: str) -> None:
    """Whoever starts the house may migrate first, every time."""
    migrate(url)
    first = _asked(url, schema)
    migrate(url)

    assert _asked(url, schema) == first


@pytest.mark.postgres
def test_a_migration_that_fails_leaves_nothing_behind(url: str, tmp_path: Path) -> None:
    """An upgrade is all or nothing: after a failure the database is what it was before."""
    config = migration_config(url)
    ours = ScriptDirectory.from_config(config)
    (tmp_path / "broken.py").write_text(BROKEN.format(head=ours.get_current_head()))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{ours.versions}\n{tmp_path}")

    with pytest.raises(RuntimeError, match="half way"):
        command.upgrade(config, "head")

    assert _asked(url, lambda connection: inspect(connection).get_table_names()) == []


@pytest.mark.postgres
def test_two_may_migrate_at_once(url: str) -> None:
    """Two servers that start together both find a migrated database."""
    program = "import sys; from marketplace.migrate import migrate; migrate(sys.argv[1])"
    both = [
        subprocess.Popen([sys.executable, "-c", program, url], cwd=source.ROOT, stderr=-1)
        for _ in range(2)
    ]

    told = [one.communicate(timeout=240)[1].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0], "\n".join(told)
    assert _asked(url, difference) == []


def test_no_foreign_key_points_nowhere(tmp_path: Path) -> None:
    """SQLite finds no broken reference in a migrated database, and no reference to a lost table."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
    migrate(url)

    def broken(connection: Connection) -> list[Any]:
        seen = inspect(connection)
        known = set(seen.get_table_names())
        lost = [key for table in known for key in _referred(seen, table) if key not in known]
        return lost + list(connection.execute(text("PRAGMA foreign_key_check")).all())

    assert _asked(url, broken) == []


def _referred(seen: Inspector, table: str) -> list[str]:
    return [key["referred_table"] for key in seen.get_foreign_keys(table)]


def test_every_constraint_has_a_name_that_fits() -> None:
    """A migration can only drop what it can name, and PostgreSQL keeps 63 characters of a name."""
    names = [
        (str(item.name or ""), table.name)
        for table in registry.metadata().tables.values()
        for item in [*table.constraints, *table.indexes]
        if isinstance(item, Constraint | Index)
    ]

    assert [table for name, table in names if not name] == []
    assert [name for name, _ in names if len(name) > NAME_LENGTH_MAX] == []


def test_no_enumeration_is_checked_by_the_database() -> None:
    """States are plain text, so that a new one needs no migration; the rules check them."""
    checks = [
        str(item.sqltext)
        for table in registry.metadata().tables.values()
        for item in table.constraints
        if isinstance(item, CheckConstraint)
    ]

    assert [check for check in checks if " IN (" in check] == []
