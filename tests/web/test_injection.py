"""The parameters that a view is given because it names them."""

import functools
from typing import Any

import pytest

from webidentity import AuthenticationRecord, AuthenticationRequiredError
from webidentity._protocol.access_token import OpaqueAccessToken
from webidentity._transport.driver import AsyncDriver, SyncDriver
from webidentity.web import Identity, arguments_for, dispatched_by, handler_of, parameters_named_by
from webidentity.web._credential import AsyncUserCredential, CredentialFactory, Drivers, UserCredential
from webidentity.web._identity import Principal

RECORD = AuthenticationRecord("tenant", "client", "login.test", "ada.tenant", "ada@tenant.test")
TOKEN = OpaqueAccessToken("a-token", 1)


class Unused:
    """A grant that nobody asks."""

    def token(self, request: Any) -> Any:
        raise AssertionError(request)


def identity() -> Identity:
    """Return the identity of somebody."""
    drivers = Drivers(SyncDriver(lambda _: None), AsyncDriver(lambda _: None))  # type: ignore[arg-type, return-value]
    return Identity(Principal(RECORD, {"sub": "x"}), CredentialFactory(Unused(), "tenant", drivers))


class View:
    """A class-based view."""

    def get(self, request: Any, credential: Any) -> None: ...
    def post(self, request: Any, token: Any) -> None: ...
    async def put(self, request: Any, identity: Any) -> None: ...
    def dispatch(self, request: Any) -> None: ...


class WithHead(View):
    """One that answers HEAD itself."""

    def head(self, request: Any) -> None: ...


def as_view(view_class: type) -> Any:
    """Return a function that says of which class it is, as both frameworks do."""

    def view(*args: Any, **kwargs: Any) -> None: ...

    view.view_class = view_class  # type: ignore[attr-defined]
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
def test_only_what_can_be_passed_by_name_counts(view: Any, names: set[str]) -> None:
    """Also through decorators; *token and **credential name nothing."""
    assert parameters_named_by(view) == names


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
def test_of_a_class_the_method_counts(view: Any, method: str, handler: Any) -> None:
    """HEAD is answered by get, unless the class has a head."""
    assert handler_of(view, method) is handler


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "__CLASS__", "view_class", ""])
def test_a_method_that_the_class_has_not_is_the_views_business(method: str) -> None:
    """It names nothing, and answers 405."""
    view = as_view(View)
    assert parameters_named_by(handler_of(view, method)) == set()


def test_dispatch_is_known_in_the_wrapping_of_a_decorator() -> None:
    """Django's method_decorator hands a partial of the bound method to a guard."""
    view = View()
    wrapping = functools.partial(view.dispatch)
    functools.update_wrapper(wrapping, View.dispatch)
    assert dispatched_by(wrapping) is dispatched_by(view.dispatch) is view
    assert handler_of(wrapping, "GET") == view.get
    assert dispatched_by(view.get) is None
    assert dispatched_by(plain) is None


def test_a_view_gets_the_credential_that_it_can_use() -> None:
    """An async one the async credential; the same one each time it is asked for."""
    somebody = identity()
    names = frozenset({"credential", "identity", "token"})
    given = arguments_for(names, somebody, TOKEN, is_async=False)
    assert isinstance(given["credential"], UserCredential)
    assert given["identity"] is somebody
    assert given["token"] is TOKEN
    assert isinstance(arguments_for(names, somebody, TOKEN, is_async=True)["credential"], AsyncUserCredential)
    assert arguments_for(names, somebody, None, is_async=False)["credential"] is given["credential"]
    assert "token" not in arguments_for(names, somebody, None, is_async=False)
    assert arguments_for(frozenset(), somebody, TOKEN, is_async=False) == {}


def test_nobody_has_neither_record_nor_credential() -> None:
    """And is falsy."""
    nobody = Identity()
    assert not nobody
    assert (nobody.record, dict(nobody.claims), nobody.is_authenticated, nobody.is_bearer) == (None, {}, False, False)
    with pytest.raises(AuthenticationRequiredError):
        _ = nobody.credential
    with pytest.raises(AuthenticationRequiredError):
        _ = nobody.aio_credential


def test_claims_cannot_be_changed() -> None:
    """A view that writes to them changes nothing, for itself or for another request."""
    claims = identity().claims
    with pytest.raises(TypeError):
        claims["sub"] = "y"  # type: ignore[index]
