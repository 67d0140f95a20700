"""The tenant's directory: users, applications, consents, roles, required claims and revocations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from webidentity.testing._errors import TenantError
from webidentity.testing.directory._model import App, User, microsoft_graph


class Directory:
    """The users and applications of one tenant, and the grants between them."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.graph: App = microsoft_graph()
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {self.graph.client_id: self.graph}
        self._consents: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._admin_consents: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._roles: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._required_claims: dict[tuple[str, str], str] = {}
        self._revoked_at: dict[str, float] = {}
        self._epochs: dict[str, int] = defaultdict(int)

    def add_user(self, user: User) -> None:
        """Register a user; the username and the object id must be new."""
        if user.object_id in self.users or self.user_named(user.username):
            raise ValueError(f"The tenant already has a user {user.username!r} or one with its object id.")
        self.users[user.object_id] = user

    def add_app(self, app: App) -> None:
        """Register an app; the client id and the identifier URI must be new."""
        if app.client_id.lower() in self.apps or self.find_resource(app.identifier_uri):
            raise ValueError(f"The tenant already has an app with the client id or identifier URI of {app.name!r}.")
        self.apps[app.client_id.lower()] = app

    def user_named(self, username: str) -> User | None:
        """The user with this username, whatever its case."""
        wanted = username.strip().casefold()
        return next((user for user in self.users.values() if user.username.casefold() == wanted), None)

    def find_app(self, client_id: str) -> App:
        """The application with this client id.

        :raises TenantError: it is not registered (AADSTS700016).
        """
        app = self.apps.get(client_id.lower())
        if app is None:
            raise TenantError(
                700016, f"Application with identifier '{client_id}' was not found in the directory '{self.tenant_id}'."
            )
        return app

    def find_resource(self, identifier: str) -> App | None:
        """The application with this identifier URI or client id, or None."""
        wanted = identifier.rstrip("/").casefold()
        for app in self.apps.values():
            if wanted in (app.identifier_uri.rstrip("/").casefold(), app.client_id.casefold()):
                return app
        return None

    def grant_consent(self, user: User, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Remember that a user lets a client use scopes of a resource."""
        self._consents[user.object_id, client.client_id, resource.client_id].update(scopes)

    def grant_admin_consent(self, client: App, resource: App, scopes: Iterable[str]) -> None:
        """Remember that an administrator consented for everyone."""
        self._admin_consents[client.client_id, resource.client_id].update(scopes)

    def consented(self, user: User, client: App, resource: App) -> frozenset[str]:
        """The scopes of a resource that a client may use for a user."""
        own = self._consents.get((user.object_id, client.client_id, resource.client_id), set[str]())
        everyone = self._admin_consents.get((client.client_id, resource.client_id), set[str]())
        return frozenset(own | everyone)

    def knows_client(self, user: User, client: App) -> bool:
        """Whether the user, or an administrator for everyone, has consented to anything for this client."""
        own = any(key[:2] == (user.object_id, client.client_id) for key, scopes in self._consents.items() if scopes)
        return own or any(key[0] == client.client_id for key, scopes in self._admin_consents.items() if scopes)

    def assign_role(self, principal: User | App, resource: App, role: str) -> None:
        """Give a user or an app a role that the resource has registered."""
        if role not in resource.app_roles:
            raise ValueError(f"{resource.name!r} has no app role {role!r}; it has {', '.join(resource.app_roles)}.")
        self._roles[principal.object_id, resource.client_id].add(role)

    def roles(self, principal: User | App, resource: App) -> list[str]:
        """The roles a user or an app holds at a resource."""
        return sorted(self._roles.get((principal.object_id, resource.client_id), set[str]()))

    def require_claims(self, user: User, resource: App, claims: str) -> None:
        """Require claims (a JSON object) of the user's sign-in before tokens for this resource are issued."""
        self._required_claims[user.object_id, resource.client_id] = claims

    def required_claims(self, user: User, resource: App) -> str | None:
        """The claims that a sign-in must satisfy before tokens are issued, or None."""
        return self._required_claims.get((user.object_id, resource.client_id))

    def required_claims_by_resource(self, user: User) -> dict[str, str]:
        """The required claims of this user, by the client id of the resource."""
        return {
            client_id: text
            for (object_id, client_id), text in self._required_claims.items()
            if object_id == user.object_id
        }

    def drop_required_claims(self, user: User, client_id: str) -> None:
        """Forget the required claims of this user for this resource."""
        del self._required_claims[user.object_id, client_id]

    def revoke(self, user: User, now: float) -> None:
        """Invalidate everything issued for the user so far."""
        self._revoked_at[user.object_id] = now
        self._epochs[user.object_id] += 1

    def epoch(self, user: User) -> int:
        """How many times the user was revoked. A grant stores this number, and is valid while it has not changed."""
        return self._epochs[user.object_id]

    def revoked_at(self, user: User) -> float | None:
        """When the user was last revoked, or None."""
        return self._revoked_at.get(user.object_id)
