"""The demonstration: starts the tenant, the API and the sites in order, and stops them."""

from contextlib import ExitStack
from typing import Self
from wsgiref.types import WSGIApplication

from demo_site.addresses import Addresses
from demo_site.api import create_api
from demo_site.django_site import create_wsgi
from demo_site.flask_site import create_app
from demo_site.local_tenant import build_tenant, files_of_users, register_apps
from demo_site.personal_files import PersonalFiles
from demo_site.registrations import Registrations
from demo_site.servers import PortInUseError, WSGIServer, listen, url_of
from demo_site.site_settings import SiteSettings
from demo_site.state_folder import StateFolder
from webidentity.testing import LocalTenant, serve

_SERVERS = ("api", "flask", "django")


class DemoError(Exception):
    """The demonstration could not start."""


class Demo:
    """Run the tenant, the API and both sites for the duration of a ``with`` block.

    A process can run only one demonstration, because Django's settings are global to the process.

    :param port_base: the first of four consecutive ports, or 0 to choose free ports.
    :param entra: application registrations in Microsoft Entra ID. Without them, a local tenant is started.
    """

    tenant: LocalTenant | None = None
    addresses: Addresses
    registrations: Registrations
    files: PersonalFiles
    #: The running servers by name: "api", "flask" and "django".
    servers: dict[str, WSGIServer]

    def __init__(self, port_base: int = 0, entra: Registrations | None = None) -> None:
        self._ports = [port_base + offset if port_base else 0 for offset in range(4)]
        self._entra = entra
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            try:
                self._start(stack)
            except PortInUseError as error:
                raise DemoError(str(error)) from None
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        tenant_port, *ports = self._ports
        listeners = {name: stack.enter_context(listen(port)) for name, port in zip(_SERVERS, ports, strict=True)}
        self.addresses = Addresses(**{name: url_of(listener) for name, listener in listeners.items()})
        self.files = PersonalFiles()
        if self._entra is None:
            self.tenant = build_tenant()
            server = serve(self.tenant, port=tenant_port)
            try:
                stack.enter_context(server)
            except OSError:
                raise PortInUseError(tenant_port) from None
            self.registrations = register_apps(self.tenant, self.addresses)
            self.files = files_of_users(self.tenant)
        else:
            self.registrations = self._entra
        state = StateFolder(stack, persistent=self._entra is not None)
        apps: dict[str, WSGIApplication] = {
            "api": create_api(
                self.registrations, self.files, folder=state.folder_for("api"), secret_key=state.secret_key("api")
            ),
            "flask": create_app(self._site("flask", state)),
            "django": create_wsgi(self._site("django", state)),
        }
        self.servers = {name: WSGIServer(name, listeners[name], app) for name, app in apps.items()}
        for running in self.servers.values():
            stack.enter_context(running)

    def _site(self, name: str, state: StateFolder) -> SiteSettings:
        is_flask = name == "flask"
        registrations = self.registrations
        registration = registrations.flask_site if is_flask else registrations.django_site
        return SiteSettings(
            name="Flask site" if is_flask else "Django site",
            css_class=name,
            other_name="Django site" if is_flask else "Flask site",
            other_url=self.addresses.django if is_flask else self.addresses.flask,
            tenant_id=registrations.tenant_id,
            authority=registrations.authority,
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            api_url=self.addresses.api,
            files_scope=registrations.files_scope,
            sign_in_scopes=registrations.sign_in_scopes,
            names=registrations.names,
            uses_local_tenant=self.tenant is not None,
            folder=state.folder_for(name),
            secret_key=state.secret_key(name),
        )
