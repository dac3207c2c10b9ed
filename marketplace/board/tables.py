"""What the board remembers, and the index by which each database finds text."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Index,
    Integer,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from marketplace.board.rules.matching import CapabilityGroup
from marketplace.kit.tables import (
    Row,
    Versioned,
    big_counter,
    fen,
    json_document,
    metadata,
    text_enum,
)


class Tokens(TypeDecorator[tuple[str, ...]]):
    """A set of tokens: a `tsvector` on PostgreSQL, words between blanks on SQLite.

    Tokens hold letters, digits, `_` and `:` only, so that quoting them is enough.  PostgreSQL gets
    them as they are: none of its parsers and dictionaries, whose idea of a word depends on the
    server, ever sees the text.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        return dialect.type_descriptor(TSVECTOR() if _is_postgres(dialect) else Text())

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Write the tokens as the database keeps them."""
        if value is None:
            return None
        return (
            " ".join(f"'{token}'" for token in value) if _is_postgres(dialect) else " ".join(value)
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        """Read the tokens back, sorted."""
        if value is None:
            return None
        return tuple(sorted(token.strip("'") for token in value.split(" ")))


class BoardCard(SQLModel, table=True):
    """One published call as it hangs on the board; changed with the call, in its transaction."""

    __tablename__ = "board_card"
    __table_args__ = (
        Index("ix_board_card_points", "is_open", "points_bps", "position"),
        Index("ix_board_card_deadline", "is_open", "bid_deadline_at", "position"),
        Index("ix_board_card_ceiling", "is_open", "ceiling_fen", "position"),
        Index("ix_board_card_newest", "is_open", "position"),
        Index("ix_board_card_domain_year", "domain", "published_at"),
    )

    position: int | None = big_counter()
    """Order of pinning, given by the database; parts calls that are otherwise equal."""
    scenario_id: UUID = Field(foreign_key="scenario.id", unique=True)
    number: str = Field(max_length=48)
    content_version: int
    """The version of the content that the card shows."""
    state: str = Field(max_length=32)
    """As written down; what time made of it is told by the deadline."""
    is_open: bool
    """Published and not ended: stands on the first board, for as long as its deadline is ahead."""
    title: dict[str, str] = json_document()
    poster_id: UUID = Field(foreign_key="organization.id", index=True)
    poster_name: dict[str, str] = json_document()
    poster_type: str = Field(max_length=32)
    track: str = Field(max_length=32)
    region: str = Field(max_length=64)
    """Of the poster, when the card was written."""
    domain: str = Field(max_length=32)
    ceiling_fen: int = fen()
    published_at: dt.datetime
    bid_deadline_at: dt.datetime
    data_access: str = Field(max_length=400)
    """Every way to the data between commas, as in `,api,download,`; `,none,` without data."""
    targets: int
    borne_by_others_bps: int
    points_bps: int
    """Of the facts above, by `scheme`."""
    scheme: str = Field(max_length=32)
    wishes: str = Field(default=",none,", max_length=1600)
    """Capabilities the poster hopes for, between commas like the ways to the data."""
    illustrative: bool


_BIG: Any = BigInteger().with_variant(Integer(), "sqlite")


class BoardText(SQLModel, table=True):
    """The tokens of one card's published text."""

    __tablename__ = "board_text"
    __table_args__ = (
        Index("ix_board_text_tokens", "tokens", postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
    )

    position: int = Field(
        primary_key=True,
        foreign_key="board_card.position",
        sa_type=_BIG,
        sa_column_kwargs={"autoincrement": False},
    )
    tokens: tuple[str, ...] = Field(sa_type=Tokens)


class CallWish(Versioned, table=True):
    """What a poster hopes that solvers of a call can do; a hint, no condition."""

    __tablename__ = "call_wish"

    scenario_id: UUID = Field(foreign_key="scenario.id", unique=True)
    codes: list[str] = json_document()
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    declared_at: dt.datetime


class Capability(Row, table=True):
    """One word of the controlled vocabulary; its meaning never changes."""

    __tablename__ = "capability"

    code: str = Field(max_length=48, unique=True)
    group: CapabilityGroup = Field(sa_type=text_enum(CapabilityGroup))
    name_zh: str = Field(max_length=100)
    name_en: str = Field(max_length=100)


class SolverListing(Versioned, table=True):
    """What an organisation says of itself, and whether it wants to be recommended."""

    __tablename__ = "solver_listing"

    organization_id: UUID = Field(foreign_key="organization.id", unique=True)
    recommendable: bool
    """Only who opted in is shown to posters."""
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    declared_at: dt.datetime


class SolverTag(Row, table=True):
    """One capability of one organisation."""

    __tablename__ = "solver_tag"
    __table_args__ = (UniqueConstraint("organization_id", "code"),)

    organization_id: UUID = Field(foreign_key="organization.id")
    code: str = Field(max_length=48, index=True)


SEARCH_TABLE: Final = "board_search"
"""The full-text index of SQLite: no table of ours, so no model; it reads `board_text`."""

SQLITE_SEARCH_UP: Final = (
    # The tokens are folded already; `ascii` keeps every other character as it is, so that SQLite
    # splits where PostgreSQL does: at the blanks between our tokens.
    f"CREATE VIRTUAL TABLE {SEARCH_TABLE} USING fts5(tokens, content='board_text', "
    "content_rowid='position', tokenize=\"ascii tokenchars ':_'\", detail=none, columnsize=0)",
    f"CREATE TRIGGER board_text_pinned AFTER INSERT ON board_text BEGIN "
    f"INSERT INTO {SEARCH_TABLE}(rowid, tokens) VALUES (new.position, new.tokens); END",
    f"CREATE TRIGGER board_text_changed AFTER UPDATE ON board_text BEGIN "
    f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, tokens) "
    "VALUES ('delete', old.position, old.tokens); "
    f"INSERT INTO {SEARCH_TABLE}(rowid, tokens) VALUES (new.position, new.tokens); END",
    f"CREATE TRIGGER board_text_removed AFTER DELETE ON board_text BEGIN "
    f"INSERT INTO {SEARCH_TABLE}({SEARCH_TABLE}, rowid, tokens) "
    "VALUES ('delete', old.position, old.tokens); END",
)


def _is_postgres(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _make_search(_: Any, connection: Connection, **__: Any) -> None:
    """Give SQLite its index when the table is created without a migration."""
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_SEARCH_UP:
            connection.exec_driver_sql(statement)


def _drop_search(_: Any, connection: Connection, **__: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE {SEARCH_TABLE}")


event.listen(metadata.tables["board_text"], "after_create", _make_search)
event.listen(metadata.tables["board_text"], "before_drop", _drop_search)
