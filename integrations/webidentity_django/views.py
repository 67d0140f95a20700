"""The routes of the sign-in."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from webidentity.web import SESSION_KEY
from webidentity_django.conf import get_site
from webidentity_django.facts import request_facts
from webidentity_django.responses import respond


def sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to the authority."""
    return respond(request, get_site().sign_in(request_facts(request)))


# It takes no POST, and says so itself.
@csrf_exempt
def callback(request: HttpRequest) -> HttpResponse:
    """Complete the sign-in."""
    site = get_site()
    flow = site.callback(request_facts(request), request.session.get(SESSION_KEY))
    return respond(request, site.run(flow))


# The web half refuses cross-site requests itself, by Fetch Metadata and Origin, the same way in every framework.
@csrf_exempt
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here and at the authority."""
    site = get_site()
    flow = site.sign_out(request_facts(request), request.session.get(SESSION_KEY))
    return respond(request, site.run(flow))
