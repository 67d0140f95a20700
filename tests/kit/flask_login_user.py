"""A login of Flask itself, beside the sign-in: Flask-Login. Programs without Django import this."""

import flask_login
from flask import Flask, request

NOBODY = "nobody"


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
