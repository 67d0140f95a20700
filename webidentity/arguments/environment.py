"""The constructor of EnvironmentCredential: which credential the environment describes."""

import logging
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from webidentity._environment import read_flag
from webidentity.arguments.classes import credential_class, unavailable

_LOGGER = logging.getLogger(__name__)

#: What each way of authenticating needs: its own variables last.
_CONFIGURATIONS = {
    "a client secret": ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"),
    "a certificate": ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "a user name and password": ("AZURE_CLIENT_ID", "AZURE_USERNAME", "AZURE_PASSWORD"),
}
_SHARED = frozenset({"AZURE_TENANT_ID", "AZURE_CLIENT_ID"})


class EnvironmentArguments:
    """Authenticates as the environment variables say: by the first of these for which all variables are set.

    A service principal with a secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET.

    A service principal with a certificate: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH, the path of
    a PEM or PKCS#12 file with the private key; optional AZURE_CLIENT_CERTIFICATE_PASSWORD, and
    AZURE_CLIENT_SEND_CERTIFICATE_CHAIN (true or false).

    A user, which is deprecated: AZURE_CLIENT_ID, AZURE_USERNAME, AZURE_PASSWORD; optional AZURE_TENANT_ID.

    An empty variable counts as unset. AZURE_AUTHORITY_HOST is the authority unless ``authority`` is given. What is
    incomplete is told by ``get_token``.

    :keyword kwargs: keywords of the class that is used, such as ``authority``, ``additionally_allowed_tenants``,
        ``token_cache``, and azure-core's pipeline keywords.
    :raises OSError: the certificate cannot be read.
    :raises ValueError: a variable is malformed.
    """

    #: Of the class that is used.
    _package: ClassVar[str]

    def __init__(self, **kwargs: Any) -> None:
        self._credential: Any = _configured(self._package, kwargs)


def _configured(package: str, keywords: dict[str, Any]) -> Any:
    environ = os.environ
    complete = [name for name, variables in _CONFIGURATIONS.items() if all(environ.get(each) for each in variables)]
    if not complete:
        reason = _incomplete()
        _LOGGER.info("%s", reason)
        return unavailable(package, "EnvironmentCredential", reason)
    name = complete[0]
    given: dict[str, Any] = {"client_id": environ["AZURE_CLIENT_ID"]}
    if environ.get("AZURE_TENANT_ID"):
        given["tenant_id"] = environ["AZURE_TENANT_ID"]
    if name == "a client secret":
        kind = credential_class(package, "client_secret", "ClientSecretCredential")
        given["client_secret"] = environ["AZURE_CLIENT_SECRET"]
    elif name == "a certificate":
        kind = credential_class(package, "certificate", "CertificateCredential")
        given["certificate_path"] = environ["AZURE_CLIENT_CERTIFICATE_PATH"]
        given["password"] = environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD") or None
        given["send_certificate_chain"] = read_flag("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
    else:
        kind = credential_class(package, "username_password", "UsernamePasswordCredential")
        given["username"], given["password"] = environ["AZURE_USERNAME"], environ["AZURE_PASSWORD"]
    _LOGGER.info("The environment is configured for %s.", name)
    return kind(**given, **keywords)


def _incomplete() -> str:
    """Say what the configuration that lacks least still lacks."""
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
