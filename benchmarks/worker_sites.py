"""The two sites that ``web_process.py`` runs in Gunicorn: the same pages, one with each library.

Both send the requests for the authority to the local tenant of the benchmark.
"""

import json
import os
from typing import Any

from flask import Flask
from requests.adapters import HTTPAdapter

#: The environment variable with the configuration of a site, as JSON.
VARIABLE = "WEBIDENTITY_BENCHMARK_SITE"


def project() -> Flask:
    """Return the site with this library."""
    from webidentity_flask import WebIdentity, require_token

    given = _given()
    app = Flask(__name__, instance_path=given["folder"])
    app.config.update(
        SECRET_KEY=given["secret_key"],
        TRUSTED_HOSTS=["localhost"],
        WEBIDENTITY_TENANT_ID=given["tenant_id"],
        WEBIDENTITY_CLIENT_ID=given["client_id"],
        WEBIDENTITY_CLIENT_SECRET=given["client_secret"],
        WEBIDENTITY_AUTHORITY=given["authority"],
    )
    WebIdentity(app)

    @app.get("/page")
    @require_token(scopes=given["scopes"])
    def page(token: Any) -> dict[str, int]:
        return {"length": len(token.token), "process": os.getpid()}

    return app


def peer() -> Flask:
    """Return the site with the package identity, and with the sessions of its samples."""
    from identity.flask import Auth

    given = _given()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=given["secret_key"], SESSION_TYPE="filesystem", SESSION_FILE_DIR=f"{given['folder']}/sessions"
    )
    auth: Any = Auth(
        app,
        authority=f"{given['authority']}/{given['tenant_id']}",
        client_id=given["client_id"],
        client_credential=given["client_secret"],
        redirect_uri=given["redirect_uri"],
    )

    def page(*, context: dict[str, Any]) -> dict[str, int]:
        return {"length": len(context["access_token"]), "process": os.getpid()}

    app.get("/page")(auth.login_required(page, scopes=given["scopes"]))
    return app


def _given() -> dict[str, Any]:
    """Return the configuration, and send requests for the authority to where it says."""
    given: dict[str, Any] = json.loads(os.environ[VARIABLE])
    send: Any = HTTPAdapter.send

    def redirected(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        # Both libraries use requests. msal accepts an authority with https only, and the tenant speaks http.
        request.url = request.url.replace(given["authority"], given["tenant_url"], 1)
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = redirected
    return given
