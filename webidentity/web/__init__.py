"""Sign-in, sign-out, sessions and guards for any web framework. See README.md in this folder."""

from webidentity.cache._store import Store as Store
from webidentity.web._answer import Answer as Answer
from webidentity.web._answer import StartSession as StartSession
from webidentity.web._answer import private_cache_control as private_cache_control
from webidentity.web._facts import RequestFacts as RequestFacts
from webidentity.web._identity import Identity as Identity
from webidentity.web._injection import arguments_for as arguments_for
from webidentity.web._injection import dispatched_by as dispatched_by
from webidentity.web._injection import handler_of as handler_of
from webidentity.web._injection import parameters_named_by as parameters_named_by
from webidentity.web._routes import Routes as Routes
from webidentity.web._session import SESSION_KEY as SESSION_KEY
from webidentity.web._settings import Settings as Settings
from webidentity.web._settings import SettingsError as SettingsError
from webidentity.web._site import Site as Site
from webidentity.web._site import require_scopes_of_guard as require_scopes_of_guard
