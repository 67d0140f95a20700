"""Sign-in, sign-out, sessions and guards for any web framework. See README.md in this folder."""

from webidentity.cache.store import Store as Store
from webidentity.web.answer import Answer as Answer
from webidentity.web.answer import StartSession as StartSession
from webidentity.web.answer import private_cache_control as private_cache_control
from webidentity.web.facts import RequestFacts as RequestFacts
from webidentity.web.identity import Identity as Identity
from webidentity.web.injection import arguments_for as arguments_for
from webidentity.web.injection import dispatched_by as dispatched_by
from webidentity.web.injection import handler_of as handler_of
from webidentity.web.injection import parameters_named_by as parameters_named_by
from webidentity.web.routes import Routes as Routes
from webidentity.web.session import SESSION_KEY as SESSION_KEY
from webidentity.web.settings import Settings as Settings
from webidentity.web.settings import SettingsError as SettingsError
from webidentity.web.site import Site as Site
from webidentity.web.site import require_scopes_of_guard as require_scopes_of_guard
