"""The rules of signing in, without a database: waits, passwords, codes, sessions, pages."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.identity.errors.sign_in import (
    AddressNotLocal,
    FlowRefused,
    LoginUnusable,
    PasswordWeak,
)
from marketplace.identity.rules import (
    lockout,
    passwords,
    second_factor,
    sessions,
    sign_on,
)
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.sessions import Method
from marketplace.kit.passwords import Hasher
from tests.conftest import START

SECRET = b"12345678901234567890"
"""The secret of the vectors of RFC 6238, appendix B."""


class TestWaits:
    """How long a login is closed."""

    @given(st.integers(min_value=0, max_value=10_000))
    def test_a_wait_never_shrinks_and_never_passes_a_quarter_hour(self, failures: int) -> None:
        """One more failure never lets anybody in sooner."""
        now, then = lockout.wait_after(failures), lockout.wait_after(failures + 1)

        assert now <= then <= dt.timedelta(minutes=15)
        assert bool(now) == (failures >= lockout.FREE_TRIES)


class TestPasswords:
    """What may be chosen."""

    @pytest.mark.parametrize(
        "password",
        [
            "correct horse battery staple",
            "深圳南山科技园的清晨有雾气",
            "Tr0ub4dor&3 is known",
            "    spaces    count    ",
        ],
    )
    def test_nothing_is_demanded_but_length_and_not_being_common(self, password: str) -> None:
        """No digit, capital or sign is asked for."""
        passwords.check_password(password, login="zhang.san@example.cn")

        assert not passwords.is_common(password)

    @pytest.mark.parametrize(
        "password",
        ["password123!", "1111111111", "0987654321", "qwertyuiop", "jiebang2026", "woaini1314"],
    )
    def test_what_everybody_tries_first_is_refused(self, password: str) -> None:
        """A common word stays one with digits around it."""
        with pytest.raises(PasswordWeak):
            passwords.check_password(password, login="zhang.san@example.cn")

    @given(st.text(max_size=300))
    def test_a_login_is_folded_once_and_for_all(self, login: str) -> None:
        """Folding again changes nothing, or two spellings could be two people."""
        folded = passwords.folded(login)

        assert passwords.folded(folded) == folded

    @pytest.mark.parametrize("login", ["ab", "a b c", "x" * 255, "tab\there"])
    def test_a_login_is_one_word_of_some_length(self, login: str) -> None:
        """Spaces inside and lengths out of range are refused."""
        with pytest.raises(LoginUnusable):
            passwords.check_login(login)


class TestHashing:
    """Argon2id under changing parameters."""

    async def test_a_hash_made_with_less_is_outdated(self) -> None:
        """It still opens, and is made anew with the next sign-in."""
        weak, strong = Hasher(memory_kib=64, passes=1), Hasher(memory_kib=128, passes=2)
        stored = await weak.hash("correct horse battery staple")

        assert stored.startswith("$argon2id$v=19$m=64,t=1,p=4$")
        assert await strong.matches(stored, "correct horse battery staple")
        assert not await strong.matches(stored, "correct horse battery stapler")
        assert strong.is_outdated(stored)
        assert not weak.is_outdated(stored)

    async def test_nobody_costs_the_same_and_never_matches(self) -> None:
        """The hash of nobody is checked like a real one: same parameters, same work."""
        checked: list[str] = []

        class Watched(Hasher):
            def _verify(self, stored: str, password: str) -> bool:
                checked.append(stored.rpartition("$")[0].rpartition("$")[0])
                return super()._verify(stored, password)

        hasher = Watched(memory_kib=64, passes=1)
        stored = await hasher.hash("correct horse battery staple")

        assert await hasher.matches(stored, "correct horse battery staple")
        assert not await hasher.matches(None, "correct horse battery staple")
        assert checked == ["$argon2id$v=19$m=64,t=1,p=4"] * 2


class TestCodes:
    """RFC 6238."""

    @pytest.mark.parametrize(
        ("seconds", "code"), [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
    )
    def test_agrees_with_the_published_vectors(self, seconds: int, code: str) -> None:
        """The last six digits of appendix B."""
        at = dt.datetime.fromtimestamp(seconds, dt.UTC)

        assert second_factor.code_at(SECRET, at) == code

    @given(st.integers(min_value=-5, max_value=5), st.integers(min_value=-5, max_value=5))
    def test_a_code_is_good_one_step_around_and_never_again(self, drift: int, used: int) -> None:
        """Within one step of now, and only after the last step that was used."""
        step = dt.timedelta(seconds=second_factor.STEP_SECONDS)
        present = int(START.timestamp()) // second_factor.STEP_SECONDS
        code = second_factor.code_at(SECRET, START + step * drift)

        found = second_factor.accepted_step(SECRET, code, at=START, last_step=present + used)

        if found is None:
            assert abs(drift) > 1 or drift <= used
        else:
            assert found > present + used
            assert abs(found - present) <= 1

    def test_recovery_codes_are_ten_and_differ(self) -> None:
        """Eighty bits each, in groups of four."""
        codes = second_factor.recovery_codes(bytes(range(100)))

        assert len(set(codes)) == 10
        assert {len(code) for code in codes} == {19}
        assert all(second_factor.is_recovery_code(code) for code in codes)
        assert not second_factor.is_recovery_code("123456")


class TestSessions:
    """When a session is good for something."""

    @pytest.mark.parametrize("role", sorted(second_factor.NEEDED_BY))
    def test_a_password_alone_does_not_open_powerful_roles(self, role: Role) -> None:
        """A code, a recovery code or single sign-on does."""
        alone = frozenset({Method.PASSWORD})
        others = (Method.TOTP, Method.RECOVERY_CODE, Method.SINGLE_SIGN_ON)

        assert sessions.must_enrol(frozenset({role, Role.SOLVER}), alone)
        for other in others:
            assert not sessions.must_enrol(frozenset({role}), alone | {other})

    def test_a_solver_may_do_without(self) -> None:
        """Who only bids for their own organisation is not made to."""
        assert not sessions.must_enrol(frozenset({Role.SOLVER}), frozenset({Method.PASSWORD}))

    @pytest.mark.parametrize(
        ("origin", "fetch_site", "public_url", "own"),
        [
            (None, None, "", True),
            ("https://a.example", None, "", True),
            ("https://b.example", None, "", False),
            ("null", None, "", False),
            ("https://a.example", "cross-site", "", False),
            ("https://a.example", "same-site", "", False),
            ("https://a.example", "same-origin", "https://a.example/", True),
            ("http://a.example", None, "https://a.example", False),
            (None, "none", "", True),
        ],
    )
    def test_which_pages_are_our_own(
        self, origin: str | None, fetch_site: str | None, public_url: str, own: bool
    ) -> None:
        """Where the installation says its address, the scheme counts too."""
        found = sessions.is_own_page(
            origin=origin, fetch_site=fetch_site, host="a.example", public_url=public_url
        )

        assert found is own


class TestSignOn:
    """What a browser keeps while its person is elsewhere."""

    @given(st.text(max_size=60))
    def test_an_address_to_return_to_never_leaves_this_site(self, text: str) -> None:
        """Whatever is accepted begins with one slash and has nothing that browsers reinterpret."""
        try:
            found = sign_on.local_path("/" + text)
        except AddressNotLocal:
            return
        assert found[1:2] not in ("/", "\\")
        assert found.isascii()
        assert found.isprintable()
        assert "\\" not in found

    def test_a_sign_on_is_remembered_for_ten_minutes(self) -> None:
        """Then it must begin anew."""
        flow = sign_on.Flow(
            state="s", nonce="n", verifier="v", return_to="/", began_at=START, linking=None
        )
        kept = flow.to_bytes()

        assert sign_on.Flow.from_bytes(kept, now=START + dt.timedelta(minutes=9)) == flow
        with pytest.raises(FlowRefused):
            sign_on.Flow.from_bytes(kept, now=START + dt.timedelta(minutes=10))
