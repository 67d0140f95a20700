"""The routes of the sign-in."""

from flask import Blueprint, Response, session

from webidentity.web import SESSION_KEY, Routes
from webidentity_flask._request import current_site, request_facts
from webidentity_flask._responses import has_login, respond

#: The name of the blueprint, and the first part of its endpoints.
BLUEPRINT = "webidentity"


def build_blueprint(routes: Routes) -> Blueprint:
    """Return the blueprint: ``webidentity.sign_in``, ``webidentity.callback`` and ``webidentity.sign_out``."""
    blueprint = Blueprint(BLUEPRINT, __name__)

    def sign_in() -> Response:
        site = current_site()
        return respond(site.run(site.sign_in(request_facts())))

    def callback() -> Response:
        site = current_site()
        flow = site.callback(request_facts(), session.get(SESSION_KEY), has_login=has_login())
        return respond(site.run(flow))

    def sign_out() -> Response:
        site = current_site()
        return respond(site.run(site.sign_out(request_facts(), session.get(SESSION_KEY))))

    both = ["GET", "POST"]
    blueprint.add_url_rule(routes.sign_in, "sign_in", sign_in)
    blueprint.add_url_rule(routes.callback, "callback", callback, methods=both)
    blueprint.add_url_rule(routes.sign_out, "sign_out", sign_out, methods=both)
    return blueprint
