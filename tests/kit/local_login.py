"""A login of the framework itself, beside the sign-in: Flask-Login, and django.contrib.auth without a database."""

from typing import Any

import flask_login
from django.contrib import auth
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from flask import Flask, request

NOBODY = "nobody"
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


class FlaskUser(flask_login.UserMixin):
    """The only user of the Flask application."""

    id = "7"


def add_flask_login(app: Flask) -> None:
    """Set up Flask-Login, and add the views."""
    manager = flask_login.LoginManager(app)
    manager.user_loader(lambda _: FlaskUser())

    @app.get("/local/login")
    def local_login() -> str:
        flask_login.login_user(FlaskUser(), remember="remember" in request.args)
        return "in"

    @app.get("/local/me")
    def local_me() -> str:
        return "local" if flask_login.current_user.is_authenticated else NOBODY


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
