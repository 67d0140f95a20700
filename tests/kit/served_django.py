"""The Django site of the scenarios as a program: ``application`` for WSGI servers, ``asgi`` for ASGI servers."""

import asyncio
from typing import Any

import django
from django.conf import settings

from tests.kit.served_site import program_settings, whose

_SITE = program_settings()
settings.configure(
    DEBUG=False,
    SECRET_KEY=_SITE["secret_key"],
    ALLOWED_HOSTS=["localhost"],
    BASE_DIR=_SITE["folder"],
    ROOT_URLCONF="tests.kit.served_django",
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "webidentity_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "webidentity_django.middleware.IdentityMiddleware",
    ],
    SESSION_ENGINE=f"django.contrib.sessions.backends.{_SITE['sessions']}",
    SESSION_FILE_PATH=_SITE["folder"],
    WEBIDENTITY=_SITE["settings"],
)
django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402 - Django's settings come first
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from tests.kit import django_project  # noqa: E402
from tests.kit.world import GRAPH  # noqa: E402
from webidentity_django import require_token  # noqa: E402


@require_token(scopes=[GRAPH])
def whose_page(request: HttpRequest, identity: Any, token: Any) -> JsonResponse:
    return JsonResponse(whose(_SITE["settings"], identity, token.token))


@require_token(scopes=[GRAPH])
async def async_whose_page(request: HttpRequest, identity: Any, token: Any) -> JsonResponse:
    return JsonResponse(await asyncio.to_thread(whose, _SITE["settings"], identity, token.token))


urlpatterns = [
    *django_project.urlpatterns,
    path("whose", whose_page),
    path("async/whose", async_whose_page),
]
application = get_wsgi_application()
asgi = get_asgi_application()
