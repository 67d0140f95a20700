"""The Files API: accepts bearer tokens, and calls Microsoft Graph on behalf of the token's user."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from demo_site.personal_files import PersonalFiles
from demo_site.registrations import Registrations
from demo_site.service_client import ServiceClient, ServiceError
from demo_site.token_claims import displayed_claims, unverified_claims
from webidentity.web import Identity
from webidentity_flask import WebIdentity, require_token


def create_api(registrations: Registrations, files: PersonalFiles, *, folder: Path, secret_key: str) -> Flask:
    """Return the API as a WSGI application."""
    app = Flask(__name__, instance_path=str(folder), static_folder=None)
    app.config.update(
        SECRET_KEY=secret_key,
        WEBIDENTITY_TENANT_ID=registrations.tenant_id,
        WEBIDENTITY_CLIENT_ID=registrations.api.client_id,
        WEBIDENTITY_CLIENT_SECRET=registrations.api.client_secret,
        WEBIDENTITY_AUTHORITY=registrations.authority,
    )
    WebIdentity(app)
    files_scope = registrations.files_scope.rpartition("/")[2]

    @app.get("/")
    def about() -> ResponseReturnValue:
        return jsonify(name="Files API", files="/files", requires=f"a bearer token with the scope {files_scope}")

    @app.get("/files")
    @require_token(scopes=[registrations.graph_scope])
    def list_files(identity: Identity, credential: Any, token: AccessToken) -> ResponseReturnValue:
        if files_scope not in str(identity.claims.get("scp", "")).split():
            return jsonify(error="insufficient_scope", message=f"The token lacks the scope {files_scope}."), 403
        graph = ServiceClient(registrations.graph_url, credential, registrations.graph_scope)
        profile = graph.get("/me")
        return jsonify(
            files=[asdict(file) for file in files.for_user(identity.claims)],
            caller=displayed_claims(identity.claims),
            graph={**unverified_claims(token.token), "exp": token.expires_on},
            profile={name: profile.get(name) for name in ("displayName", "userPrincipalName", "jobTitle")},
        )

    @app.errorhandler(ServiceError)
    def graph_failed(error: ServiceError) -> ResponseReturnValue:
        return jsonify(error="graph_failed", message=f"The call to Microsoft Graph failed. {error}"), 502

    return app
