"""The web application of the scenarios, in Flask."""

import json
from typing import Any

from flask import Flask, jsonify, request, session
from flask.views import MethodView

from tests.kit.flask_login_user import add_flask_login
from tests.kit.sdk_clients import acall_client, call_client
from tests.kit.world import GRAPH, READ, WRITE, claims_of, large_claims
from webidentity import AuthenticationRequiredError
from webidentity_flask import WebIdentity, current_identity, require_sign_in, require_token


def make_flask(config: dict[str, Any], instance_path: str, **arguments: Any) -> Flask:
    """Return the application."""
    app = Flask(__name__, instance_path=instance_path)
    app.config.update(config)
    app.config["TRUSTED_HOSTS"] = config.get("TRUSTED_HOSTS", ["app.test", "localhost"])
    if app.config.get("HAS_LOCAL_LOGIN"):
        add_flask_login(app)
    WebIdentity(app, **arguments)
    add_views(app)
    return app


def add_views(app: Flask) -> None:
    """Add the views, under the same paths as in the other project."""
    _add_guarded_views(app)
    _add_async_views(app)
    _add_open_views(app)
    _add_views_that_raise(app)
    app.add_url_rule("/class", view_func=require_token(scopes=[READ])(FilesView.as_view("class")))
    app.add_url_rule("/async/class", view_func=require_token(scopes=[READ])(AsyncFilesView.as_view("async_class")))
    _add_mistaken_views(app)
    app.add_url_rule("/class/mistaken", view_func=require_sign_in(MistakenView.as_view("mistaken_class")))
    app.add_url_rule("/method", view_func=GuardedMethodView.as_view("method"))
    app.add_url_rule("/async/method", view_func=AsyncGuardedMethodView.as_view("async_method"))
    app.add_url_rule("/dispatch", view_func=DecoratedView.as_view("dispatch"))
    app.add_url_rule("/async/dispatch", view_func=AsyncDecoratedView.as_view("async_dispatch"))


def _add_guarded_views(app: Flask) -> None:
    @app.route("/files", methods=["GET", "POST"])
    @require_token(scopes=[READ])
    def files(credential: Any, identity: Any, token: Any) -> Any:
        claims = claims_of(token.token)
        same = credential.get_token(READ).token == token.token
        return jsonify(user=identity.record.username, same=same, oid=claims["oid"], scp=claims["scp"])

    @app.get("/write")
    @require_token(scopes=[WRITE])
    def write() -> Any:
        return "written"

    @app.get("/me")
    @require_sign_in
    def me() -> Any:
        return str(current_identity.record and current_identity.record.username)

    @app.post("/change")
    @require_sign_in
    def change() -> Any:
        return "changed"

    @app.get("/graph")
    @require_sign_in
    def graph(credential: Any) -> Any:
        return claims_of(credential.get_token(GRAPH).token)["oid"]

    @app.get("/crash")
    @require_token(scopes=[READ])
    def crash(credential: Any, identity: Any, token: Any) -> Any:
        raise ZeroDivisionError("a mistake of the application")

    @app.get("/sdk")
    @require_sign_in
    def sdk(credential: Any) -> Any:
        return call_client(request.args["client"], credential, caught="caught" in request.args)


def _add_async_views(app: Flask) -> None:
    @app.get("/async/sdk")
    @require_sign_in
    async def async_sdk(credential: Any) -> Any:
        return await acall_client(request.args["client"], credential, caught="caught" in request.args)

    @app.get("/async/files")
    @require_token(scopes=[READ])
    async def async_files(credential: Any, identity: Any, token: Any) -> Any:
        claims = claims_of(token.token)
        same = (await credential.get_token(READ)).token == token.token
        return jsonify(user=identity.record.username, same=same, oid=claims["oid"], scp=claims["scp"])

    @app.get("/async/me")
    @require_sign_in
    async def async_me(identity: Any) -> Any:
        return str(identity.record.username)

    @app.get("/both")
    @require_sign_in
    @require_token(scopes=[READ])
    async def both(credential: Any) -> Any:
        await credential.get_token(READ)
        return "both"

    @app.get("/async/deep")
    async def async_deep() -> Any:
        return _somewhere_in_an_sdk()

    @app.get("/async/graph")
    @require_sign_in
    async def async_graph(credential: Any) -> Any:
        return claims_of((await credential.get_token(GRAPH)).token)["oid"]


def _add_open_views(app: Flask) -> None:
    @app.get("/open")
    def open_page() -> Any:
        return str(current_identity.record.username if current_identity.record else "anonymous")

    @app.get("/claims")
    @require_sign_in
    def claims(identity: Any) -> Any:
        return jsonify(identity.claims)

    @app.get("/async/claims")
    @require_sign_in
    async def async_claims(identity: Any) -> Any:
        return json.dumps(identity.claims), {"Content-Type": "application/json"}

    @app.get("/claims/changed")
    def changed_claims() -> Any:
        current_identity.claims["roles"].append("Role.2")
        return jsonify(current_identity.claims["roles"])

    @app.get("/roles")
    def roles() -> Any:
        return jsonify(current_identity.claims.get("roles", []))

    @app.post("/open/change")
    def open_change() -> Any:
        return str(current_identity.record.username if current_identity.record else "anonymous")

    @app.get("/")
    @app.get("/public")
    def public() -> Any:
        return "public"

    @app.get("/session")
    def show_session() -> Any:
        return jsonify(dict(session))

    @app.get("/remember")
    def remember() -> Any:
        session["remembered"] = request.args["what"]
        return "remembered"


def _add_mistaken_views(app: Flask) -> None:
    @app.get("/mistaken/credentials")
    @require_sign_in
    def mistaken_credentials(credentials: Any) -> Any:
        raise AssertionError(credentials)

    @app.get("/async/mistaken/credentials")
    @require_sign_in
    async def async_mistaken_credentials(credentials: Any) -> Any:
        raise AssertionError(credentials)

    @app.get("/mistaken/token")
    @require_sign_in
    def mistaken_token(token: Any) -> Any:
        raise AssertionError(token)

    @app.get("/async/mistaken/token")
    @require_sign_in
    async def async_mistaken_token(token: Any) -> Any:
        raise AssertionError(token)

    @app.get("/mistaken/elsewhere")
    @require_sign_in
    def mistaken_elsewhere() -> Any:
        return helper()

    @app.get("/async/mistaken/elsewhere")
    @require_sign_in
    async def async_mistaken_elsewhere() -> Any:
        return helper()


def helper(credentials: Any) -> Any:
    raise AssertionError(credentials)


class MistakenView(MethodView):
    def get(self, user: Any) -> Any:
        raise AssertionError(user)


def _add_views_that_raise(app: Flask) -> None:
    @app.get("/deep")
    def deep() -> Any:
        return _somewhere_in_an_sdk()

    @app.get("/stronger")
    def stronger() -> Any:
        raise AuthenticationRequiredError([READ], claims=large_claims(int(request.args["size"])))

    @app.get("/async/stronger")
    async def async_stronger() -> Any:
        raise AuthenticationRequiredError([READ], claims=large_claims(int(request.args["size"])))


def _somewhere_in_an_sdk() -> Any:
    raise AuthenticationRequiredError([WRITE])


class FilesView(MethodView):
    def get(self, credential: Any, token: Any) -> Any:
        return jsonify(same=credential.get_token(READ).token == token.token)


class AsyncFilesView(MethodView):
    async def get(self, credential: Any, token: Any) -> Any:
        return jsonify(same=(await credential.get_token(READ)).token == token.token)


class GuardedMethodView(MethodView):
    @require_token(scopes=[READ])
    def get(self, credential: Any, token: Any) -> Any:
        return jsonify(same=credential.get_token(READ).token == token.token)


class AsyncGuardedMethodView(MethodView):
    @require_token(scopes=[READ])
    async def get(self, credential: Any, token: Any) -> Any:
        return jsonify(same=(await credential.get_token(READ)).token == token.token)


class DecoratedView(FilesView):
    decorators = [require_token(scopes=[READ])]  # noqa: RUF012 - as Flask documents it


class AsyncDecoratedView(AsyncFilesView):
    decorators = [require_token(scopes=[READ])]  # noqa: RUF012 - as Flask documents it
