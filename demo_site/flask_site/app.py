"""The Flask application."""

from pathlib import Path
from typing import Any

from azure.core.credentials import TokenCredential
from flask import Flask, Response, render_template
from flask.typing import ResponseReturnValue
from jinja2 import FileSystemLoader

from demo_site.files_client import FilesClient
from demo_site.hops import hops_of
from demo_site.problem import BROKEN, NOT_FOUND, Problem, problem_of_files
from demo_site.profile import profile_of
from demo_site.service_client import ServiceError
from demo_site.site_settings import CONTENT_SECURITY_POLICY, SiteSettings
from webidentity.web import Identity
from webidentity_flask import WebIdentity, current_identity, require_sign_in, require_token

_HERE = Path(__file__).resolve().parent


def create_app(site: SiteSettings) -> Flask:
    """Return the site as a WSGI application."""
    app = Flask(__name__, instance_path=str(site.folder), static_folder="../static")
    # Pages without links are the same in both sites.
    app.jinja_loader = FileSystemLoader([_HERE / "templates", _HERE.parent / "templates"])
    app.config.update(
        SECRET_KEY=site.secret_key,
        SESSION_COOKIE_NAME="demo_flask_session",
        SESSION_COOKIE_SAMESITE="Lax",
        WEBIDENTITY_TENANT_ID=site.tenant_id,
        WEBIDENTITY_CLIENT_ID=site.client_id,
        WEBIDENTITY_CLIENT_SECRET=site.client_secret,
        WEBIDENTITY_AUTHORITY=site.authority,
        WEBIDENTITY_SCOPES=site.sign_in_scopes,
    )
    WebIdentity(app)

    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("home.html")

    @app.get("/profile")
    @require_sign_in
    def profile(identity: Identity) -> ResponseReturnValue:
        return render_template("profile.html", profile=profile_of(identity.record, identity.claims))

    @app.get("/files")
    @require_token(scopes=[site.files_scope])
    def files(identity: Identity, credential: TokenCredential) -> ResponseReturnValue:
        reply = FilesClient(site.api_url, credential, site.files_scope).list_files()
        hops = hops_of(
            identity.record, reply, site=site.name, cookie=app.config["SESSION_COOKIE_NAME"], names=site.names
        )
        return render_template("files.html", files=reply.files, hops=hops)

    @app.errorhandler(ServiceError)
    def files_failed(error: ServiceError) -> ResponseReturnValue:
        return show(problem_of_files(error, "/files"))

    @app.errorhandler(404)
    def not_found(_: Exception) -> ResponseReturnValue:
        return show(NOT_FOUND)

    @app.errorhandler(500)
    def broken(_: Exception) -> ResponseReturnValue:
        return show(BROKEN)

    def show(problem: Problem) -> ResponseReturnValue:
        return render_template("problem.html", problem=problem), problem.status

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    @app.context_processor
    def template_context() -> dict[str, Any]:
        return {"site": site, "identity": current_identity}

    return app
