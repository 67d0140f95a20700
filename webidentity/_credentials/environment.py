"""EnvironmentCredential."""

import logging
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from webidentity._credentials.constructor import ComposedConstructor
from webidentity._environment import read_flag

_LOGGER = logging.getLogger(__name__)

#: The variables that each way of authenticating needs, its own ones last.
_CONFIGURATIONS = {
    "a client secret": ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    "a certificate": ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "a user name and password": ("AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_PASSWORD"),
}
_SHARED = frozenset({"AZURE_TENANT_ID", "AZURE_CLIENT_ID"})


class EnvironmentConstructor(ComposedConstructor, of="EnvironmentCredential"):
    """Authenticates with the service principal or the user that environment variables describe.

    It uses the first of these configurations whose variables are all set:

    1. A service principal with a secret: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.
    2. A service principal with a certificate: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_CERTIFICATE_PATH, the
       path of a PEM or PKCS#12 file that includes the private key. Optional: AZURE_CLIENT_CERTIFICATE_PASSWORD, and
       AZURE_CLIENT_SEND_CERTIFICATE_CHAIN (true or false).
    3. A user with a password (deprecated): AZURE_CLIENT_ID, AZURE_USERNAME and AZURE_PASSWORD. Optional:
       AZURE_TENANT_ID.

    An empty variable counts as unset. The variables are read once, by the constructor. If no configuration is complete,
    ``get_token`` raises :class:`~webidentity.CredentialUnavailableError`, which names the missing variables.

    :keyword kwargs: keyword arguments of the class that is used: :class:`~webidentity.ClientSecretCredential`,
        :class:`~webidentity.CertificateCredential` or :class:`~webidentity.UsernamePasswordCredential`. For example
        ``authority`` (default AZURE_AUTHORITY_HOST), ``additionally_allowed_tenants``, ``token_cache``, and the
        keywords of azure-core's pipeline.
    :raises OSError: the certificate file cannot be read.
    :raises ValueError: a variable is malformed.
    """

    def __init__(self, **kwargs: Any) -> None:
        complete = [name for name, needed in _CONFIGURATIONS.items() if all(os.environ.get(each) for each in needed)]
        if complete:
            name, given = _configuration(complete[0])
            _LOGGER.info("The environment is configured for %s.", complete[0])
            self._credential: Any = self._class_named(name)(**given, **kwargs)
        else:
            reason = _incomplete()
            _LOGGER.info("%s", reason)
            self._credential = self._unavailable("EnvironmentCredential", reason)


class EnvironmentCredential(EnvironmentConstructor):
    __doc__ = EnvironmentConstructor.__doc__

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """Request an access token for ``scopes``. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword str claims: additional claims required in the token, from a resource's claims challenge.
        :keyword str tenant_id: the tenant to acquire the token from, if not AZURE_TENANT_ID.
        :keyword bool enable_cae: whether the token may be subject to continuous access evaluation.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: the environment is not fully configured.
        """
        token: AccessToken = self._credential.get_token(
            *scopes, claims=claims, tenant_id=tenant_id, enable_cae=enable_cae, **kwargs
        )
        return token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Request an access token for ``scopes``, with its properties. Azure SDK clients call this method.

        :param str scopes: desired scopes for the access token, at least one.
        :keyword options: claims, tenant_id and enable_cae, as for :meth:`get_token`; others are ignored.
        :raises ~azure.core.exceptions.ClientAuthenticationError: authentication failed.
        :raises ~webidentity.CredentialUnavailableError: the environment is not fully configured.
        """
        info: AccessTokenInfo = self._credential.get_token_info(*scopes, options=options)
        return info

    def close(self) -> None:
        """Close the credential's transport; a later request opens it again."""
        self._credential.close()

    def __enter__(self) -> Self:
        """Open the credential's transport."""
        self._credential.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close the credential's transport."""
        self.close()


def _configuration(name: str) -> tuple[str, dict[str, Any]]:
    """Return the class that authenticates in this way, and its arguments."""
    environ = os.environ
    given: dict[str, Any] = {"client_id": environ["AZURE_CLIENT_ID"]}
    if environ.get("AZURE_TENANT_ID"):
        given["tenant_id"] = environ["AZURE_TENANT_ID"]
    if name == "a client secret":
        given["client_secret"] = environ["AZURE_CLIENT_SECRET"]
        return "ClientSecretCredential", given
    if name == "a certificate":
        given["certificate_path"] = environ["AZURE_CLIENT_CERTIFICATE_PATH"]
        given["password"] = environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD") or None
        given["send_certificate_chain"] = read_flag("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
        return "CertificateCredential", given
    given["username"], given["password"] = environ["AZURE_USERNAME"], environ["AZURE_PASSWORD"]
    return "UsernamePasswordCredential", given


def _incomplete() -> str:
    """Return a message about the configuration with the fewest missing variables."""
    text = "EnvironmentCredential authentication unavailable. Environment variables are not fully configured"
    name, variables = min(_CONFIGURATIONS.items(), key=lambda each: _distance(each[1]))
    missing = [each for each in variables if not os.environ.get(each)]
    if len(missing) == len(variables):
        return f"{text}: for {name}, set {_listed(missing)}."
    return f"{text}: for {name}, {_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing."


def _distance(variables: Sequence[str]) -> tuple[int, bool]:
    missing = [each for each in variables if not os.environ.get(each)]
    own_are_missing = all(each in missing for each in variables if each not in _SHARED)
    return len(missing), own_are_missing


def _listed(variables: Sequence[str]) -> str:
    names = [f"{each} (which is empty)" if each in os.environ else each for each in variables]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
