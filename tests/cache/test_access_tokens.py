"""The access tokens of a partition: a copy shares them, and no change of one object is seen in another."""

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webidentity.cache._access_tokens import AccessTokens

NOW = 1000


def entry(scope: str, expires_on: int = NOW + 1, secret: str = "") -> dict[str, Any]:
    return {"target": scope, "expires_on": str(expires_on), "secret": secret or scope}


class Counted(dict[str, Any]):
    """An entry that counts how often any entry is read."""

    looks = 0

    def __getitem__(self, name: str) -> Any:
        Counted.looks += 1
        return super().__getitem__(name)


STEPS = st.lists(
    st.tuples(st.just("add"), st.integers(0, 400), st.integers(NOW - 5, NOW + 5))
    | st.tuples(st.just("drop"), st.just(0), st.integers(NOW - 5, NOW + 5))
    | st.tuples(st.sampled_from(["copy", "swap"]), st.just(0), st.just(0)),
    max_size=60,
)


@given(st.integers(0, 300), STEPS)
def test_it_behaves_like_a_dictionary_that_is_copied_as_a_whole(size: int, steps: list[tuple[str, int, int]]) -> None:
    """Any sequence of changes of an object and its copies, also across several parts."""
    model = {f"key-{number}": entry(f"s{number}") for number in range(size)}
    tokens, others = AccessTokens(model), list[tuple[AccessTokens, dict[str, Any]]]()
    for step, number, when in steps:
        if step == "add":
            new = entry(f"s{number}", when, f"at {when}")
            tokens.add(f"key-{number}", new)
            model.pop(f"key-{number}", None)
            model[f"key-{number}"] = new
        elif step == "drop":
            tokens.drop_expired(when)
            model = {key: each for key, each in model.items() if int(each["expires_on"]) > when}
        else:
            others.append((tokens, dict(model)))
            tokens = tokens.copy()
            if step == "swap":
                tokens, others[-1] = others[-1][0], (tokens, dict(model))
    for found, expected in [(tokens, model), *others]:
        assert list(found.to_dict().items()) == list(expected.items())
        assert len(found) == len(expected)
        for number in (0, 7, 150, 299):
            living = [e for e in expected.values() if e["target"] == f"s{number}" and int(e["expires_on"]) > NOW]
            assert found.newest({f"s{number}"}, NOW) == (living[-1] if living else None)


def test_the_newest_token_with_all_scopes_is_found() -> None:
    """A token may have more scopes than those that are wanted."""
    tokens = AccessTokens({str(number): entry(f"x{number}") for number in range(500)})
    tokens.add("old", entry("a b c", secret="old"))
    tokens.add("new", entry("b a", secret="new"))
    tokens.add("expired", entry("a b", NOW, secret="expired"))
    assert tokens.newest({"a", "b"}, NOW) == entry("b a", secret="new")
    assert tokens.newest({"a", "c"}, NOW) == entry("a b c", secret="old")
    assert tokens.newest({"a", "x1"}, NOW) is None
    assert tokens.newest({"a", "b"}, NOW + 1) is None


def test_a_renewal_reads_a_part_of_the_entries() -> None:
    """Among thousands of tokens, one has expired and is replaced."""
    tokens = AccessTokens(
        {f"key-{number}": Counted(entry(f"s{number}", NOW if number == 700 else NOW + 99)) for number in range(5000)}
    )
    tokens = tokens.copy()
    Counted.looks = 0
    assert tokens.newest({"s700"}, NOW) is None
    tokens.drop_expired(NOW)
    tokens.add("key-700", entry("s700", NOW + 99))
    assert Counted.looks < 5000 / 5
    assert tokens.newest({"s700"}, NOW) == entry("s700", NOW + 99)
    assert len(tokens) == 5000


def test_readers_see_a_whole_state_while_copies_change() -> None:
    """One thread publishes a changed copy again and again, as the cache does. Readers take the published one."""
    published = [AccessTokens({str(number): entry(f"s{number}") for number in range(300)})]
    problems, is_over = list[str](), threading.Event()

    def read() -> None:
        while not is_over.is_set():
            found = published[0]
            if len(found.to_dict()) != len(found) or found.newest({"s7"}, NOW) is None:
                problems.append("a reader saw half a change")

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(2000):
        changed = published[0].copy()
        changed.add(str(number % 300), entry(f"s{number % 300}"))
        published[0] = changed
    is_over.set()
    for reader in readers:
        reader.join(20)
    assert not problems
