"""The Django project. It is configured in code, without a settings module, and needs no database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from demo_site.site_settings import CONTENT_SECURITY_POLICY, SiteSettings

_HERE = Path(__file__).resolve().parent


def settings_of(site: SiteSettings) -> dict[str, Any]:
    """Return the Django settings of the site."""
    return {
        "BASE_DIR": site.folder,
        "SECRET_KEY": site.secret_key,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1"],
        "ROOT_URLCONF": "demo_site.django_site.urls",
        "INSTALLED_APPS": ["django.contrib.sessions", "django.contrib.staticfiles", "webidentity_django"],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "demo_site.django_site.project.content_security_policy",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "webidentity_django.middleware.IdentityMiddleware",
        ],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "SESSION_COOKIE_NAME": "demo_django_session",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                # Pages without links are the same in both sites.
                "DIRS": [_HERE / "templates", _HERE.parent / "templates"],
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "demo_site.django_site.views.template_context",
                    ]
                },
            }
        ],
        "STATIC_URL": "static/",
        "STATICFILES_DIRS": [_HERE.parent / "static"],
        "LOGGING_CONFIG": None,
        "USE_TZ": True,
        "WEBIDENTITY": {
            "tenant_id": site.tenant_id,
            "client_id": site.client_id,
            "client_secret": site.client_secret,
            "authority": site.authority,
            "scopes": site.sign_in_scopes,
        },
        "SITE": site,
    }


def content_security_policy(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Add the policy to every page that has none. Django 6 has a middleware for this."""

    def answer(request: Any) -> Any:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return answer


def create_wsgi(site: SiteSettings) -> WSGIApplication:
    """Configure Django in this process and return the site as a WSGI application."""
    import django
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    settings.configure(**settings_of(site))
    django.setup()
    return StaticFilesHandler(get_wsgi_application())
