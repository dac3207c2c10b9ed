"""An operator changes the master key, on the command line, as SECURITY.md says."""

import stat
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from marketplace.bids.tables.bids import Opening
from marketplace.cli import main
from marketplace.house import House, keeper_of
from marketplace.kit import keyfiles
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.settings import SettingInvalid, Settings
from marketplace.terminal import prepared, within
from marketplace.wire.tables import IdempotentAnswer

FIRST = "the first key of an installation which is long enough"
SECOND = "the second key of an installation which is long enough"
ANSWERS = 7


def jiebang(data: Path, *words: str, **settings: str) -> Result:
    """Run one command on the folder, with settings from the environment."""
    environment: Mapping[str, str] = {
        "MARKETPLACE_DATABASE_URL": "",
        **{f"MARKETPLACE_{name.upper()}": value for name, value in settings.items()},
    }
    return CliRunner().invoke(main, [*words, "--data", str(data)], env=environment)


def sealed_by(settings: Settings) -> None:
    """Have a server with these settings seal some answers."""

    async def work(house: House) -> None:
        async with house.database.writing() as session:
            for number in range(ANSWERS):
                session.add(_an_answer(house, number))

    within(prepared(settings), work)


def _an_answer(house: House, number: int) -> IdempotentAnswer:
    row = IdempotentAnswer(
        person_id=UUID(int=number),
        organization_id=UUID(int=1),
        key="k",
        request_sha256="0" * 64,
        status=200,
        headers={},
        body=b"",
        created_at=house.clock.now(),
    )
    context = sealed_context(IdempotentAnswer, "sealed_body", **row.model_dump())
    row.sealed_body = house.keeper.seal(b"answer", context=context)
    return row


def test_with_keys_in_the_environment(tmp_path: Path) -> None:
    """New key first and old one second, rotate, check: then the new one is enough."""
    sealed_by(Settings(data_dir=tmp_path, secret_key=FIRST))
    both = {"secret_key": SECOND, "secret_keys_old": FIRST}

    before = jiebang(tmp_path, "keys", "rotate", "--check", **both)
    too_early = jiebang(tmp_path, "keys", "retire", **both)
    rotated = jiebang(tmp_path, "keys", "rotate", "--batch", "3", **both)
    after = jiebang(tmp_path, "keys", "rotate", "--check", secret_key=SECOND)
    retired = jiebang(tmp_path, "keys", "retire", secret_key=SECOND)

    assert before.exit_code == 1
    assert "idempotent_answer.sealed_body: 7 not under the current key yet" in before.output
    assert too_early.exit_code == 1 and "7 in idempotent_answer.sealed_body" in too_early.output
    assert rotated.exit_code == 0, rotated.output
    assert "idempotent_answer.sealed_body: 7 sealed again" in rotated.output
    assert (after.exit_code, retired.exit_code) == (0, 0)


def test_with_a_wrong_old_key(tmp_path: Path) -> None:
    """The command says which key is missing, where and how often, and changes nothing."""
    sealed_by(Settings(data_dir=tmp_path, secret_key=FIRST))
    wrong = "a key that never sealed anything in this house"

    refused = jiebang(tmp_path, "keys", "rotate", secret_key=SECOND, secret_keys_old=wrong)
    right = jiebang(tmp_path, "keys", "rotate", secret_key=SECOND, secret_keys_old=FIRST)

    assert refused.exit_code == 1
    missing = Keeper.from_text(FIRST).ids[0]
    assert f"7 sealed under a key that is not among the settings ({missing})" in refused.output
    assert right.exit_code == 0, right.output


def test_with_key_files(tmp_path: Path) -> None:
    """A new file is made, the old one stays beside it until nothing needs it, then it goes."""
    settings = Settings(data_dir=tmp_path)
    sealed_by(settings)
    first = (tmp_path / "secret.key").read_text()

    made = jiebang(tmp_path, "keys", "rotate", "--new")
    kept = [path.read_text() for path in keyfiles.old_files(tmp_path)]
    too_early = jiebang(tmp_path, "keys", "retire")
    rotated = jiebang(tmp_path, "keys", "rotate")
    retired = jiebang(tmp_path, "keys", "retire")

    assert made.exit_code == 0 and "restart every server" in made.output
    assert kept == [first]
    assert (too_early.exit_code, rotated.exit_code, retired.exit_code) == (1, 0, 0)
    assert keyfiles.old_files(tmp_path) == ()
    assert (tmp_path / "secret.key").read_text() != first
    assert jiebang(tmp_path, "keys", "rotate", "--check").exit_code == 0


def test_key_files_are_private_and_none_is_lost(tmp_path: Path) -> None:
    """After three new keys all four are there, readable by their owner only, the newest first."""
    keys = [keyfiles.keys_in(tmp_path)[0]]
    for _ in range(3):
        keyfiles.renew(tmp_path)
        keys.append(keyfiles.keys_in(tmp_path)[0])

    current, *older = keyfiles.keys_in(tmp_path)
    assert current == keys[-1]
    assert sorted(older) == sorted(keys[:-1])
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_run_that_was_cut_off_is_repeated(tmp_path: Path) -> None:
    """Whatever step `--new` died at, the current key is whole and the old one is not lost."""
    first = keyfiles.keys_in(tmp_path)[0]
    (tmp_path / keyfiles.NEXT).write_text("half a k")
    (tmp_path / keyfiles.OLD.format("00000000")).hardlink_to(tmp_path / keyfiles.CURRENT)

    assert keyfiles.keys_in(tmp_path) == (first,)
    keyfiles.renew(tmp_path)

    current, *older = keyfiles.keys_in(tmp_path)
    assert current != first and set(older) == {first}


def test_fresh_keys_are_long_and_differ(tmp_path: Path) -> None:
    """`keys generate` prints a key that the settings take, another one each time."""
    printed = [CliRunner().invoke(main, ["keys", "generate"]).output.strip() for _ in range(2)]

    assert printed[0] != printed[1]
    for key in printed:
        keeper_of(Settings(data_dir=tmp_path, secret_key=key))


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"secret_key": FIRST, "secret_keys_old": f"{SECOND}, short"}, "SECRET_KEYS_OLD"),
        ({"secret_keys_old": "short"}, "SECRET_KEYS_OLD"),
    ],
)
def test_a_short_key_is_refused_by_name(
    tmp_path: Path, settings: dict[str, str], variable: str
) -> None:
    """A key of fewer than 32 characters is refused with the variable it stands in, never shown."""
    with pytest.raises(SettingInvalid, match=rf"MARKETPLACE_{variable} needs 32") as refused:
        keeper_of(Settings(data_dir=tmp_path, **settings))  # type: ignore[arg-type]

    assert "short" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        (f"{FIRST[:20]};{SECOND[:20]}", (f"{FIRST[:20]};{SECOND[:20]}",)),
        ("one,two , three", ("one", "two", "three")),
        ("one\ntwo\n", ("one", "two")),
        ("one, with a comma\n", ("one, with a comma",)),
    ],
)
def test_old_keys_are_listed_by_line_or_by_comma(text: str, keys: tuple[str, ...]) -> None:
    """Both ways work; a key that has a comma in it needs a line of its own."""
    assert Settings(secret_keys_old=text).older_keys == keys


def test_the_current_key_may_be_listed_among_the_old_ones(tmp_path: Path) -> None:
    """While servers change over, both may be listed everywhere; each counts once."""
    settings = Settings(data_dir=tmp_path, secret_key=FIRST, secret_keys_old=f"{SECOND},{FIRST}")

    assert keeper_of(settings).ids == Keeper.from_text(FIRST, SECOND).ids


def test_a_declared_context_is_written_from_the_row() -> None:
    """What an officer released for a call is bound to that call."""
    context = sealed_context(Opening, "officer_share", scenario_id=UUID(int=5))
    assert "000005/" in context
