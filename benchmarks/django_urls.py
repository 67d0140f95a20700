"""The views of the Django applications, for both protocols."""

from typing import Any

from django.http import HttpResponse
from django.urls import include, path

from benchmarks.guard_sites import READ
from webidentity_django import require_sign_in, require_token


def plain(request: Any) -> HttpResponse:
    request.session.get("another")
    return HttpResponse("plain")


async def aplain(request: Any) -> HttpResponse:
    await request.session.aget("another")
    return HttpResponse("plain")


@require_sign_in
def sign_in(request: Any) -> HttpResponse:
    return HttpResponse("signed in")


@require_sign_in
async def asign_in(request: Any) -> HttpResponse:
    return HttpResponse("signed in")


@require_token(scopes=[READ])
def token(request: Any) -> HttpResponse:
    return HttpResponse("token")


@require_token(scopes=[READ])
async def atoken(request: Any) -> HttpResponse:
    return HttpResponse("token")


urlpatterns = [
    path("auth/", include("webidentity_django.urls")),
    path("plain", plain),
    path("sign_in", sign_in),
    path("token", token),
    path("async/plain", aplain),
    path("async/sign_in", asign_in),
    path("async/token", atoken),
]
