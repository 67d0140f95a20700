"""A login of Django itself, beside the sign-in: django.contrib.auth without a database."""

from typing import Any

from django.contrib import auth
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from tests.kit.flask_login_user import NOBODY

#: Settings of Django.
DJANGO = {
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "webidentity_django.middleware.IdentityMiddleware",
    ],
    "AUTHENTICATION_BACKENDS": ["tests.kit.local_login.LocalUsers"],
}


class LocalUser(User):
    """The only user of the Django project, who is in no database."""

    class Meta:
        app_label = "auth"
        proxy = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""


class LocalUsers(BaseBackend):
    """Knows one user."""

    def get_user(self, user_id: Any) -> User:
        return LocalUser(pk=user_id, username="local", password="!")


def django_login(http_request: HttpRequest) -> HttpResponse:
    """Log the user in."""
    auth.login(http_request, LocalUsers().get_user(7), "tests.kit.local_login.LocalUsers")
    return HttpResponse("in")


def django_me(http_request: Any) -> HttpResponse:
    """Show the user."""
    return HttpResponse("local" if http_request.user.is_authenticated else NOBODY)
