"""The same steps with azure-identity, msal and webidentity, each with its own local tenant."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import azure.identity
import azure.identity.aio
import msal
from cryptography.hazmat.primitives.serialization import Encoding

import webidentity
import webidentity.aio
from tests.kit.certificates import certificate, key_pair
from tests.kit.clock import Clock
from tests.kit.credential_sites import REDIRECT, WebAppAndApi
from webidentity.cache import TokenCache
from webidentity.testing import RecordedRequest, SigningKeyPair, TenantRequest

GRAPH = "https://graph.microsoft.com/.default"
USER_READ = "https://graph.microsoft.com/User.Read"
NOWHERE = "https://nowhere.test"
OTHER = "22222222-2222-2222-2222-222222222222"
SECRET = "canary-api-secret"
ISSUER_KEY = SigningKeyPair("issuer-key", key_pair(name="issuer")[0])
PACKAGES: dict[str, Any] = {
    "azure-identity": azure.identity,
    "azure-identity aio": azure.identity.aio,
    "webidentity": webidentity,
    "webidentity aio": webidentity.aio,
}
LIBRARIES = (*PACKAGES, "msal")


class ScenarioSetup:
    """A tenant with a user, and an API with each kind of client authentication."""

    def __init__(self) -> None:
        self.site = WebAppAndApi(clock=lambda: time.time())
        self.tenant = self.site.tenant
        self.api = self.tenant.add_app(
            "proven",
            secrets=[SECRET],
            certificates=[key_pair()[1].public_bytes(Encoding.PEM)],
            scopes={"Read": "Read"},
            redirect_uris=[REDIRECT],
        )
        self.tenant.trust(self.api, issuer="https://issuer.test", subject="api", key=ISSUER_KEY)
        self.tenant.grant_admin_consent(self.api, self.tenant.graph, ["User.Read"])

    def assertion(self) -> str:
        """Return a federated token for the API."""
        claims = {"iss": "https://issuer.test", "sub": "api", "aud": "api://AzureADTokenExchange"}
        return ISSUER_KEY.sign({**claims, "exp": int(time.time()) + 600})

    def user_assertion(self) -> str:
        """Return a token with which the user calls the API."""
        return self.tenant.mint_access_token(
            user=self.site.ada, resource=self.api, client=self.site.web, scopes=["Read"]
        )

    def code(self) -> str:
        """Return an authorization code of a sign-in without PKCE, because azure-identity cannot send a verifier."""
        from webidentity.testing import TenantBrowser

        query = {
            "client_id": self.api.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"openid profile offline_access {USER_READ}",
        }
        url = f"{self.tenant.tenant_url}/oauth2/v2.0/authorize?{urlencode(query)}"
        location = TenantBrowser(self.tenant).sign_in(url, "ada@tenant.test", "ada-password")
        return urlsplit(location).query.partition("code=")[2].partition("&")[0]


@dataclass(frozen=True)
class Scenario:
    """A credential and its calls.

    :param arguments: those of the constructor, in addition to client, authority and transport.
    :param msal: the same with msal: a function of the setup, its client and the number of the call.
    :param lapses: the seconds that pass before each call.
    """

    credential: str
    arguments: Callable[[ScenarioSetup], dict[str, Any]]
    msal: Callable[[ScenarioSetup, Any, int], Any]
    proof: Callable[[ScenarioSetup], Any] = lambda _: SECRET
    scope: str = GRAPH
    lapses: tuple[int, ...] = (0,)
    options: dict[str, Any] = field(default_factory=dict)


def _for_client(setup: ScenarioSetup, client: Any, _: int) -> Any:
    return client.acquire_token_for_client([GRAPH])


def _for_user(setup: ScenarioSetup, client: Any, _: int) -> Any:
    return client.acquire_token_on_behalf_of(setup.user_assertion(), [USER_READ])


def _by_code(setup: ScenarioSetup, client: Any, call: int) -> Any:
    if call == 0:
        return client.acquire_token_by_authorization_code(setup.code(), [USER_READ], REDIRECT)
    return client.acquire_token_silent([USER_READ], client.get_accounts()[0])


def _on_behalf(setup: ScenarioSetup) -> dict[str, Any]:
    return {"user_assertion": setup.user_assertion(), "client_secret": SECRET}


def _without_consent(setup: ScenarioSetup) -> dict[str, Any]:
    setup.tenant._state.directory._admin_consents.clear()
    return _on_behalf(setup)


def _for_user_without_consent(setup: ScenarioSetup, client: Any, call: int) -> Any:
    setup.tenant._state.directory._admin_consents.clear()
    return _for_user(setup, client, call)


CERTIFICATE = {"private_key": certificate().decode(), "public_certificate": certificate().decode()}
SCENARIOS: dict[str, Scenario] = {
    "secret": Scenario("ClientSecretCredential", lambda _: {"client_secret": SECRET}, _for_client),
    "certificate": Scenario(
        "CertificateCredential",
        lambda _: {"certificate_data": certificate()},
        _for_client,
        lambda _: CERTIFICATE,
    ),
    "assertion": Scenario(
        "ClientAssertionCredential",
        lambda setup: {"func": setup.assertion},
        _for_client,
        lambda setup: {"client_assertion": setup.assertion},
    ),
    "code and refresh": Scenario(
        "AuthorizationCodeCredential",
        lambda setup: {"authorization_code": setup.code(), "redirect_uri": REDIRECT, "client_secret": SECRET},
        _by_code,
        scope=USER_READ,
        lapses=(0, 4000),
    ),
    "on behalf of": Scenario("OnBehalfOfCredential", _on_behalf, _for_user, scope=USER_READ),
    "wrong secret": Scenario(
        "ClientSecretCredential", lambda _: {"client_secret": "wrong"}, _for_client, lambda _: "wrong"
    ),
    "unknown tenant": Scenario(
        "ClientSecretCredential", lambda _: {"client_secret": SECRET, "tenant_id": OTHER}, _for_client
    ),
    "consent missing": Scenario("OnBehalfOfCredential", _without_consent, _for_user_without_consent, scope=USER_READ),
    "unreachable": Scenario(
        "ClientSecretCredential", lambda _: {"client_secret": SECRET, "authority": NOWHERE}, _for_client
    ),
}
#: The authority for msal in scenarios with another tenant.
_ELSEWHERE = {"unknown tenant": f"/{OTHER}", "unreachable": NOWHERE}


@dataclass
class Seen:
    """What one library did, as far as it is visible from outside."""

    #: The forms that the token endpoint received.
    forms: list[dict[str, str]]
    #: Their headers, with names in lower case.
    headers: list[dict[str, str]]
    #: The other requests: method and the end of the path.
    others: list[str]
    #: The error's class and its bases.
    error: list[str]
    message: str
    status: int | None
    #: The access token's entry in the cache.
    entry: dict[str, Any]


def run(library: str, name: str, clock: Clock) -> Seen:
    """Play the scenario."""
    setup, scenario = ScenarioSetup(), SCENARIOS[name]
    sent: list[RecordedRequest] = []
    error: BaseException | None = None
    entry: dict[str, Any] = {}
    try:
        if library == "msal":
            entry = _with_msal(setup, scenario, name, sent, clock)
        else:
            entry = _with_credentials(library, setup, scenario, sent, clock)
    except Exception as caught:
        error = caught
    token_requests = [request for request in sent if request.path.endswith("/token")]
    return Seen(
        forms=[request.form for request in token_requests],
        headers=[{name.lower(): value for name, value in each.headers.items()} for each in token_requests],
        others=[f"{each.method} {'/'.join(each.path.split('/')[-2:])}" for each in sent if each not in token_requests],
        error=[kind.__name__ for kind in type(error).__mro__] if error else [],
        message=str(error or ""),
        status=getattr(error, "status_code", None),
        entry=entry,
    )


def _with_credentials(
    library: str, setup: ScenarioSetup, scenario: Scenario, sent: list[RecordedRequest], clock: Clock
) -> dict[str, Any]:
    package, awaits = PACKAGES[library], library.endswith("aio")
    transport: Any = setup.tenant.aio_transport() if awaits else setup.tenant.transport()
    transport.requests = sent
    ours = TokenCache() if library.startswith("webidentity") else None
    arguments: dict[str, Any] = {
        "tenant_id": setup.tenant.tenant_id,
        "client_id": setup.api.client_id,
        "authority": setup.tenant.base_url,
        "transport": transport,
        "retry_total": 0,
        **({"token_cache": ours} if ours is not None else {}),
        **scenario.arguments(setup),
    }
    if scenario.credential != "AuthorizationCodeCredential":
        arguments["disable_instance_discovery"] = True
    credential = getattr(package, scenario.credential)(**arguments)
    for lapse in scenario.lapses:
        clock.advance(lapse)
        called = credential.get_token(scenario.scope, **scenario.options)
        if awaits:
            asyncio.run(called)
    if ours is not None:
        (cached,) = ours._partitions.values()
        return list(cached.document.sections["AccessToken"].values())[-1]
    cache = getattr(credential, "_cache", None) or credential._client._cache
    return _newest(cache)


def _with_msal(
    setup: ScenarioSetup, scenario: Scenario, name: str, sent: list[RecordedRequest], clock: Clock
) -> dict[str, Any]:
    where = _ELSEWHERE.get(name, setup.tenant.tenant_url)
    if where.startswith("/"):
        where = f"{setup.tenant.base_url}{where}"
    elif where == NOWHERE:
        where = f"{NOWHERE}/{setup.tenant.tenant_id}"
    client = msal.ConfidentialClientApplication(
        setup.api.client_id,
        client_credential=scenario.proof(setup),
        authority=where,
        instance_discovery=False,
        http_client=_Http(setup, sent),
    )
    for call, lapse in enumerate(scenario.lapses):
        clock.advance(lapse)
        reply = scenario.msal(setup, client, call)
        if "error" in reply:
            raise MsalReturned(f"{reply['error']}: {reply['error_description']}")
    return _newest(client.token_cache)


class MsalReturned(Exception):
    """msal returns an error as a dictionary."""


def _newest(cache: Any) -> dict[str, Any]:
    return list(cache.search(msal.TokenCache.CredentialType.ACCESS_TOKEN))[-1]


class _Http:
    """msal's HTTP client, whose server is the tenant."""

    def __init__(self, setup: ScenarioSetup, sent: list[RecordedRequest]) -> None:
        self._setup, self._sent = setup, sent

    def get(self, url: str, params: Any = None, headers: Any = None, **kwargs: Any) -> Any:
        return self._answer("GET", f"{url}?{urlencode(params)}" if params else url, headers, b"")

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **kwargs: Any) -> Any:
        given = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._answer("POST", url, given, urlencode(data).encode())

    def close(self) -> None: ...

    def _answer(self, method: str, url: str, headers: Any, body: bytes) -> Any:
        self._sent.append(RecordedRequest(method, url, headers or {}, body))
        if not url.startswith(self._setup.tenant.base_url):
            raise ConnectionError(url)
        response = self._setup.tenant.handle(TenantRequest(method, url, headers or {}, body))
        return _HttpResponse(response.status, response.body.decode(), dict(response.headers))


@dataclass
class _HttpResponse:
    status_code: int
    text: str
    headers: dict[str, str]
