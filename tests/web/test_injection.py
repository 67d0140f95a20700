"""The parameters that a view receives because it names them."""

import functools
from dataclasses import dataclass
from typing import Any

import pytest

from webidentity import AuthenticationRecord, AuthenticationRequiredError
from webidentity._authority import Tenants
from webidentity._protocol.access_token import OpaqueAccessToken
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.web import Granted, Handler, Identity, dispatched_by, handler_of
from webidentity.web._credential import AsyncUserCredential, CredentialFactory, Drivers, UserCredential
from webidentity.web._identity import Principal

RECORD = AuthenticationRecord("tenant", "client", "login.test", "ada.tenant", "ada@tenant.test")
TOKEN = OpaqueAccessToken("a-token", 1)


class Unused:
    """A grant that must not be used."""

    def token(self, request: Any) -> Any:
        raise AssertionError(request)


def identity() -> Identity:
    """Return the identity of a signed-in user."""
    drivers = Drivers(SyncDriver(lambda _: None), AsyncDriver(lambda _: None))
    return Identity(
        Principal(RECORD, {"sub": "x"}, is_bearer=False),
        lambda: CredentialFactory(Unused(), Tenants("tenant"), drivers),
    )


class View:
    """A class-based view."""

    def get(self, request: Any, credential: Any) -> None: ...
    def post(self, request: Any, token: Any) -> None: ...
    async def put(self, request: Any, identity: Any) -> None: ...
    def dispatch(self, request: Any) -> None: ...


class WithHead(View):
    """A view that answers HEAD itself."""

    def head(self, request: Any) -> None: ...


def as_view(view_class: type) -> Any:
    """Return a function that names its class, as both frameworks do."""

    def view(*args: Any, **kwargs: Any) -> None: ...

    view.view_class = view_class
    return view


def plain(request: Any, credential: Any, identity: Any, token: Any, other: Any) -> None: ...
def keyword_only(*, token: Any, credential: Any = None) -> None: ...
def positional_only(token: Any, /, identity: Any) -> None: ...
def variable(*token: Any, **credential: Any) -> None: ...
def nothing(request: Any) -> None: ...


@functools.wraps(plain)
def wrapped(*args: Any, **kwargs: Any) -> None: ...


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (plain, {"credential", "identity", "token"}),
        (wrapped, {"credential", "identity", "token"}),
        (keyword_only, {"token", "credential"}),
        (positional_only, {"identity"}),
        (variable, set()),
        (nothing, set()),
        (functools.partial(plain, None, token=1), {"credential", "identity", "token"}),
        (View().get, {"credential"}),
        (print, set()),
        (dict, set()),
    ],
)
def test_only_parameters_that_can_be_passed_by_name_count(view: Any, names: set[str]) -> None:
    """Parameters behind decorators count; *token and **credential do not."""
    assert Handler(view, is_async=False).names == names


def test_a_partial_names_the_parameters_that_it_does_not_bind() -> None:
    """What is known about the function does not apply to it, and the other way round."""

    def view(credential: Any, identity: Any) -> None: ...

    for _ in range(2):
        assert Handler(view, is_async=False).names == {"credential", "identity"}
        assert Handler(functools.partial(view, None), is_async=False).names == {"identity"}
        assert Handler(functools.partial(view), is_async=False).names == {"credential", "identity"}


def test_a_callable_object_may_have_no_hash() -> None:
    """For example an instance of a dataclass."""

    @dataclass
    class Greeting:
        def __call__(self, request: Any, credential: Any) -> None: ...

    assert Handler(Greeting(), is_async=False).names == {"credential"}


@pytest.mark.parametrize(
    ("view", "method", "handler"),
    [
        (plain, "GET", plain),
        (as_view(View), "GET", View.get),
        (as_view(View), "POST", View.post),
        (as_view(View), "PUT", View.put),
        (as_view(View), "HEAD", View.get),
        (as_view(WithHead), "HEAD", WithHead.head),
    ],
)
def test_the_handler_of_a_class_is_its_method(view: Any, method: str, handler: Any) -> None:
    """HEAD is answered by get, unless the class has a head method."""
    assert handler_of(view, method) is handler


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "__CLASS__", "view_class", ""])
def test_a_class_without_the_method_names_no_parameters(method: str) -> None:
    """The view itself answers 405."""
    view = as_view(View)
    assert Handler(handler_of(view, method), is_async=False).names == set()


def test_dispatch_is_recognized_in_a_partial() -> None:
    """Django's method_decorator passes a partial of the bound method to a guard."""
    view = View()
    wrapping = functools.partial(view.dispatch)
    functools.update_wrapper(wrapping, View.dispatch)
    assert dispatched_by(wrapping) is dispatched_by(view.dispatch) is view
    assert handler_of(wrapping, "GET") == view.get
    assert dispatched_by(view.get) is None
    assert dispatched_by(plain) is None


def test_a_view_gets_the_credential_that_it_can_use() -> None:
    """An async view gets the async credential. The credential is the same object each time."""
    granted = Granted(identity(), TOKEN)
    given = granted.arguments(Handler(plain, is_async=False), {})
    assert set(given) == {"credential", "identity", "token"}
    assert isinstance(given["credential"], UserCredential)
    assert given["identity"] is granted.identity
    assert given["token"] is TOKEN
    assert isinstance(granted.arguments(Handler(plain, is_async=True), {})["credential"], AsyncUserCredential)
    assert granted.arguments(Handler(plain, is_async=False), {})["credential"] is given["credential"]
    assert granted.arguments(Handler(nothing, is_async=False), {}) == {}
    route = {"token": "of the route", "number": 1}
    assert granted.arguments(Handler(nothing, is_async=False), route) == route
    given = granted.arguments(Handler(plain, is_async=False), route)
    assert (given["token"], given["number"]) == ("of the route", 1)


def test_a_view_gets_no_token_if_none_was_required() -> None:
    """The parameter is left to the framework."""
    assert set(Granted(identity()).arguments(Handler(plain, is_async=False), {})) == {"credential", "identity"}


def test_the_repr_of_what_a_guard_granted_has_no_token() -> None:
    """Debug pages print it."""
    assert "a-token" not in repr(Granted(identity(), TOKEN))


def test_an_anonymous_identity_has_neither_record_nor_credential() -> None:
    """It is false in a boolean context."""
    anonymous = Identity()
    assert not anonymous
    assert (anonymous.record, dict(anonymous.claims)) == (None, {})
    assert (anonymous.is_authenticated, anonymous.is_bearer) == (False, False)
    with pytest.raises(AuthenticationRequiredError):
        _ = anonymous.credential
    with pytest.raises(AuthenticationRequiredError):
        _ = anonymous.aio_credential


def test_claims_are_a_copy() -> None:
    """A view that writes to them changes nothing else."""
    found = identity()
    found.claims["sub"] = "y"
    assert found.claims == {"sub": "x"}
