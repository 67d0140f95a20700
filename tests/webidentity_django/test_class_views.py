"""Guards at class-based views, written where Django cannot use them: the error says what to write."""

import logging
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.views import View

from webidentity_django import require_sign_in, require_token

TOKEN = require_token(scopes=["api://files/Read"])
GUARDS = [
    pytest.param(TOKEN, "require_token(scopes=[...])", id="require_token"),
    pytest.param(require_sign_in, "require_sign_in", id="require_sign_in"),
]


def expected(name: str, written: str) -> str:
    """Return the advice for the class ``name``."""
    return f'guard the view: {written}({name}.as_view()), or @method_decorator({written}, name="dispatch")'


@pytest.mark.parametrize(("guard", "written"), GUARDS)
def test_a_guard_at_a_method(guard: Any, written: str, rf: RequestFactory, caplog: pytest.LogCaptureFixture) -> None:
    """Its first argument is the view and not the request. The log does not blame the middleware."""

    class Files(View):
        @guard
        def get(self, request: HttpRequest) -> HttpResponse:
            raise AssertionError(request)

    with caplog.at_level(logging.WARNING), pytest.raises(TypeError) as caught:
        Files.as_view()(rf.get("/"))
    assert expected("Files", written) in str(caught.value)
    assert not caplog.records


@pytest.mark.parametrize(("guard", "written"), GUARDS)
@pytest.mark.asyncio
async def test_a_guard_at_an_async_method(guard: Any, written: str, rf: RequestFactory) -> None:
    """The same in async views."""

    class Files(View):
        @guard
        async def get(self, request: HttpRequest) -> HttpResponse:
            raise AssertionError(request)

    answer: Any = Files.as_view()(rf.get("/"))
    with pytest.raises(TypeError) as caught:
        await answer
    assert expected("Files", written) in str(caught.value)


@pytest.mark.parametrize(("guard", "written"), GUARDS)
def test_a_guard_at_the_class(guard: Any, written: str) -> None:
    """The module of the views cannot be imported."""
    with pytest.raises(TypeError) as caught:

        @guard
        class Files(View):
            pass

    assert expected("Files", written) in str(caught.value)
