"""A guarded page below Django's page cache."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.cache import cache_page

from webidentity_django import require_sign_in


@cache_page(60)
@require_sign_in
def cached(request: HttpRequest, identity: Any) -> HttpResponse:
    return HttpResponse(identity.record.username)


urlpatterns = [path("auth/", include("webidentity_django.urls")), path("cached", cached)]
