"""Sign-in, sign-out, sessions and guards for any web framework: what an adapter needs.

See README.md in this folder for how to write an adapter.
"""

from webidentity.cache._store import Store
from webidentity.web._answer import Answer, StartSession
from webidentity.web._cookies import Cookie
from webidentity.web._deployment import check_authority, session_cookie_warnings
from webidentity.web._facts import EnvironHeaders, Headers, RequestFacts, RequestTarget
from webidentity.web._guard import Granted
from webidentity.web._identity import Identity, private_headers
from webidentity.web._injection import Handler, dispatched_by, handler_of
from webidentity.web._mistakes import SIGN_IN_USAGE, TOKEN_USAGE, explain_parameters, written_as
from webidentity.web._outages import TOKEN_ERRORS
from webidentity.web._requirements import Requirements
from webidentity.web._session_state import SESSION_KEY
from webidentity.web._settings import Routes, Settings, SettingsError
from webidentity.web._site import Site

__all__ = [
    "Site",
    "Settings",
    "SettingsError",
    "Routes",
    "Store",
    "RequestFacts",
    "RequestTarget",
    "Headers",
    "EnvironHeaders",
    "Requirements",
    "Granted",
    "Identity",
    "Answer",
    "StartSession",
    "Cookie",
    "SESSION_KEY",
    "TOKEN_ERRORS",
    "private_headers",
    "Handler",
    "handler_of",
    "dispatched_by",
    "written_as",
    "TOKEN_USAGE",
    "SIGN_IN_USAGE",
    "explain_parameters",
    "check_authority",
    "session_cookie_warnings",
]
