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
    """Show the home page."""
    return render(request, "home.html")


@require_sign_in
def profile(request: HttpRequest, identity: Identity) -> HttpResponse:
    """Show the authentication record and the ID token claims of the signed-in user."""
    return render(request, "profile.html", {"profile": profile_of(identity.record, identity.claims)})


@require_token(scopes=[site.files_scope])
def files(request: HttpRequest, identity: Identity, credential: TokenCredential) -> HttpResponse:
    """Show the files of the signed-in user, fetched from the API."""
    try:
        reply = FilesClient(site.api_url, credential, site.files_scope).list_files()
    except ServiceError as error:
        return _show(request, problem_of_files(error, "/files"))
    hops = hops_of(identity.record, reply, site=site.name, cookie=settings.SESSION_COOKIE_NAME, names=site.names)
    return render(request, "files.html", {"files": reply.files, "hops": hops})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Show the page for an unknown URL."""
    return _show(request, NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """Show the page for an unexpected error."""
    return _show(request, BROKEN)


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Return the variables that every template receives."""
    return {"site": site, "identity": request.identity}


def _show(request: HttpRequest, problem: Problem) -> HttpResponse:
    return render(request, "problem.html", {"problem": problem}, status=problem.status)
