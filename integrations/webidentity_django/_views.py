"""The views of the sign-in. They are open to LoginRequiredMiddleware: a user who is not signed in must reach them."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from webidentity.web import SESSION_KEY
from webidentity_django._conf import get_site
from webidentity_django._request import request_facts
from webidentity_django._responses import has_login, respond


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect the browser to the authority."""
    site = get_site()
    return respond(request, site.run(site.sign_in(request_facts(request))))


# It refuses POST requests itself.
@csrf_exempt
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Complete the sign-in."""
    site = get_site()
    flow = site.callback(request_facts(request), request.session.get(SESSION_KEY), has_login=has_login(request))
    return respond(request, site.run(flow))


# It refuses cross-site requests itself, by Fetch Metadata and Origin, the same way in every framework.
@csrf_exempt
@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here and at the authority."""
    site = get_site()
    flow = site.sign_out(request_facts(request), request.session.get(SESSION_KEY))
    return respond(request, site.run(flow))
