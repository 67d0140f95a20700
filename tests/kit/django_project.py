"""The web application of the scenarios, in Django."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from tests.kit.local_login import django_login, django_me
from tests.kit.sdk_clients import acall_client, call_client
from tests.kit.world import GRAPH, READ, WRITE, claims_of, large_claims
from webidentity import AuthenticationRequiredError
from webidentity_django import require_sign_in, require_token


@csrf_exempt
@require_token(scopes=[READ])
def files(request: HttpRequest, credential: Any, identity: Any, token: Any) -> HttpResponse:
    claims = claims_of(token.token)
    same = credential.get_token(READ).token == token.token
    return JsonResponse({"user": identity.record.username, "same": same, "oid": claims["oid"], "scp": claims["scp"]})


@require_token(scopes=[READ])
async def async_files(request: HttpRequest, credential: Any, identity: Any, token: Any) -> HttpResponse:
    claims = claims_of(token.token)
    same = (await credential.get_token(READ)).token == token.token
    return JsonResponse({"user": identity.record.username, "same": same, "oid": claims["oid"], "scp": claims["scp"]})


@require_token(scopes=[WRITE])
def write(request: HttpRequest) -> HttpResponse:
    return HttpResponse("written")


@require_sign_in
def me(request: Any) -> HttpResponse:
    return HttpResponse(request.identity.record.username)


@require_sign_in
async def async_me(request: Any, identity: Any) -> HttpResponse:
    assert (await request.aidentity()) is identity
    return HttpResponse(identity.record.username)


@require_sign_in
@require_token(scopes=[READ])
async def both(request: HttpRequest, credential: Any) -> HttpResponse:
    await credential.get_token(READ)
    return HttpResponse("both")


@csrf_exempt
@require_sign_in
def change(request: HttpRequest) -> HttpResponse:
    return HttpResponse("changed")


def stronger(request: HttpRequest) -> HttpResponse:
    raise AuthenticationRequiredError([READ], claims=large_claims(int(request.GET["size"])))


async def async_stronger(request: HttpRequest) -> HttpResponse:
    raise AuthenticationRequiredError([READ], claims=large_claims(int(request.GET["size"])))


def deep(request: HttpRequest) -> HttpResponse:
    return _somewhere_in_an_sdk()


async def async_deep(request: HttpRequest) -> HttpResponse:
    return _somewhere_in_an_sdk()


@require_sign_in
def graph(request: HttpRequest, credential: Any) -> HttpResponse:
    return HttpResponse(claims_of(credential.get_token(GRAPH).token)["oid"])


@require_sign_in
async def async_graph(request: HttpRequest, credential: Any) -> HttpResponse:
    return HttpResponse(claims_of((await credential.get_token(GRAPH)).token)["oid"])


@require_sign_in
def sdk(request: HttpRequest, credential: Any) -> HttpResponse:
    return HttpResponse(call_client(request.GET["client"], credential, caught="caught" in request.GET))


@require_sign_in
async def async_sdk(request: HttpRequest, credential: Any) -> HttpResponse:
    return HttpResponse(await acall_client(request.GET["client"], credential, caught="caught" in request.GET))


@require_token(scopes=[READ])
def crash(request: HttpRequest, credential: Any, identity: Any, token: Any) -> HttpResponse:
    raise ZeroDivisionError("a mistake of the application")


def open_page(request: Any) -> HttpResponse:
    record = request.identity.record
    return HttpResponse(record.username if record else "anonymous")


@require_sign_in
def claims(request: HttpRequest, identity: Any) -> HttpResponse:
    return JsonResponse(identity.claims)


@require_sign_in
async def async_claims(request: HttpRequest, identity: Any) -> HttpResponse:
    return HttpResponse(json.dumps(identity.claims), content_type="application/json")


def changed_claims(request: Any) -> HttpResponse:
    request.identity.claims["roles"].append("Role.2")
    return JsonResponse(request.identity.claims["roles"], safe=False)


def roles(request: Any) -> HttpResponse:
    return JsonResponse(request.identity.claims.get("roles", []), safe=False)


@csrf_exempt
def open_change(request: Any) -> HttpResponse:
    return open_page(request)


def public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("public")


def show_session(request: Any) -> HttpResponse:
    return JsonResponse(dict(request.session.items()))


def remember(request: Any) -> HttpResponse:
    request.session["remembered"] = request.GET["what"]
    return HttpResponse("remembered")


@require_sign_in
def mistaken_credentials(request: HttpRequest, credentials: Any) -> HttpResponse:
    raise AssertionError(credentials)


@require_sign_in
async def async_mistaken_credentials(request: HttpRequest, credentials: Any) -> HttpResponse:
    raise AssertionError(credentials)


@require_sign_in
def mistaken_token(request: HttpRequest, token: Any) -> HttpResponse:
    raise AssertionError(token)


@require_sign_in
async def async_mistaken_token(request: HttpRequest, token: Any) -> HttpResponse:
    raise AssertionError(token)


@require_sign_in
def mistaken_elsewhere(request: HttpRequest) -> HttpResponse:
    return helper()


@require_sign_in
async def async_mistaken_elsewhere(request: HttpRequest) -> HttpResponse:
    return helper()


def helper(credentials: Any) -> HttpResponse:
    raise AssertionError(credentials)


class MistakenView(View):
    def get(self, request: HttpRequest, user: Any) -> HttpResponse:
        raise AssertionError(user)


def _somewhere_in_an_sdk() -> HttpResponse:
    raise AuthenticationRequiredError([WRITE])


class FilesView(View):
    def get(self, request: HttpRequest, credential: Any, token: Any) -> HttpResponse:
        return JsonResponse({"same": credential.get_token(READ).token == token.token})


class AsyncFilesView(View):
    async def get(self, request: HttpRequest, credential: Any, token: Any) -> HttpResponse:
        return JsonResponse({"same": (await credential.get_token(READ)).token == token.token})


class GuardedMethodView(View):
    @method_decorator(require_token(scopes=[READ]))
    def get(self, request: HttpRequest, credential: Any, token: Any) -> HttpResponse:
        return JsonResponse({"same": credential.get_token(READ).token == token.token})


class AsyncGuardedMethodView(View):
    @method_decorator(require_token(scopes=[READ]))
    async def get(self, request: HttpRequest, credential: Any, token: Any) -> HttpResponse:
        return JsonResponse({"same": (await credential.get_token(READ)).token == token.token})


@method_decorator(require_token(scopes=[READ]), name="dispatch")
class DecoratedView(FilesView):
    pass


@method_decorator(require_token(scopes=[READ]), name="dispatch")
class AsyncDecoratedView(AsyncFilesView):
    pass


urlpatterns = [
    path("auth/", include("webidentity_django.urls")),
    path("", public),
    path("public", public),
    path("files", files),
    path("async/files", async_files),
    path("write", write),
    path("me", me),
    path("async/me", async_me),
    path("both", both),
    path("change", change),
    path("stronger", stronger),
    path("async/stronger", async_stronger),
    path("deep", deep),
    path("async/deep", async_deep),
    path("graph", graph),
    path("async/graph", async_graph),
    path("crash", crash),
    path("sdk", sdk),
    path("async/sdk", async_sdk),
    path("open", open_page),
    path("claims", claims),
    path("async/claims", async_claims),
    path("claims/changed", changed_claims),
    path("roles", roles),
    path("open/change", open_change),
    path("session", show_session),
    path("local/login", django_login),
    path("local/me", django_me),
    path("remember", remember),
    path("class", require_token(scopes=[READ])(FilesView.as_view())),
    path("async/class", require_token(scopes=[READ])(AsyncFilesView.as_view())),
    path("class/mistaken", require_sign_in(MistakenView.as_view())),
    path("mistaken/credentials", mistaken_credentials),
    path("async/mistaken/credentials", async_mistaken_credentials),
    path("mistaken/token", mistaken_token),
    path("async/mistaken/token", async_mistaken_token),
    path("mistaken/elsewhere", mistaken_elsewhere),
    path("async/mistaken/elsewhere", async_mistaken_elsewhere),
    path("method", GuardedMethodView.as_view()),
    path("async/method", AsyncGuardedMethodView.as_view()),
    path("dispatch", DecoratedView.as_view()),
    path("async/dispatch", AsyncDecoratedView.as_view()),
]
