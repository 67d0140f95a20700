"""The pages of the Django site."""

from typing import Any

from azure.core.credentials import TokenCredential
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from demo_site.files_client import FilesClient
from demo_site.hops import hops_of
from demo_site.problem import BROKEN, NOT_FOUND, Problem, problem_of_files
from demo_site.profile import profile_of
from demo_site.service_client import ServiceError
from webidentity.web import Identity
from webidentity_django import require_sign_in, require_token

site = settings.SITE


def home(request: HttpRequest) -> HttpResponse:
    """What this site is for."""
    return render(request, "home.html")


@require_sign_in
def profile(request: HttpRequest, identity: Identity) -> HttpResponse:
    """Who signed in."""
    return render(request, "profile.html", {"profile": profile_of(identity.record, identity.claims)})


@require_token(scopes=[site.files_scope])
def files(request: HttpRequest, identity: Identity, credential: TokenCredential) -> HttpResponse:
    """The user's files, from the API."""
    try:
        reply = FilesClient(site.api_url, credential, site.files_scope).list_files()
    except ServiceError as error:
        return _show(request, problem_of_files(error, "/files"))
    hops = hops_of(identity.record, reply, site=site.name, cookie=settings.SESSION_COOKIE_NAME, names=site.names)
    return render(request, "files.html", {"files": reply.files, "hops": hops})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The page for an address that leads nowhere."""
    return _show(request, NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for an error of this site."""
    return _show(request, BROKEN)


def every_page(request: HttpRequest) -> dict[str, Any]:
    """What every template is given."""
    return {"site": site, "identity": request.identity}


def _show(request: HttpRequest, problem: Problem) -> HttpResponse:
    return render(request, "problem.html", {"problem": problem}, status=problem.status)
