"""The Flask site of the scenarios as a program: ``application`` for WSGI servers, ``asgi`` for ASGI servers."""

import asyncio
from typing import Any

import a2wsgi
from flask import Flask, jsonify

from tests.kit.flask_project import make_flask
from tests.kit.served_site import program_settings, whose
from tests.kit.world import GRAPH
from webidentity_flask import require_token

_SITE = program_settings()


def _application() -> Flask:
    settings = _SITE["settings"]
    config = {f"WEBIDENTITY_{name.upper()}": value for name, value in settings.items()}
    app = make_flask({**config, "SECRET_KEY": _SITE["secret_key"], "TRUSTED_HOSTS": ["localhost"]}, _SITE["folder"])

    @app.get("/whose")
    @require_token(scopes=[GRAPH])
    def whose_page(identity: Any, token: Any) -> Any:
        return jsonify(whose(settings, identity, token.token))

    @app.get("/async/whose")
    @require_token(scopes=[GRAPH])
    async def async_whose_page(identity: Any, token: Any) -> Any:
        return jsonify(await asyncio.to_thread(whose, settings, identity, token.token))

    return app


application = _application()
asgi = a2wsgi.WSGIMiddleware(application, workers=16)
