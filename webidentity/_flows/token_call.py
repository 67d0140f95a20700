"""A call that a chain repeats with its members."""

from collections.abc import Hashable, Mapping
from contextvars import ContextVar
from typing import Any

from azure.core.credentials import TokenRequestOptions

from webidentity._protocol.access_token import OpaqueAccessToken, OpaqueAccessTokenInfo
from webidentity.errors import CredentialUnavailableError

#: Whether the current call comes from a chain, which has other credentials to try.
IN_CHAIN: ContextVar[bool] = ContextVar("IN_CHAIN", default=False)
#: The options that get_token has as keywords.
_SHARED = ("claims", "tenant_id", "enable_cae")


class TokenCall:
    """A call of ``get_token`` or ``get_token_info`` that is repeated with other credentials.

    Credentials written by users may have only one of the two methods. Then that one is called.

    :param method: the name of the method.
    :param keywords: the keywords of ``get_token``, or the options of ``get_token_info``.
    """

    __slots__ = ("keywords", "method", "scopes")

    def __init__(self, method: str, scopes: tuple[str, ...], keywords: Mapping[str, Any]) -> None:
        self.method = method
        self.scopes = scopes
        self.keywords = keywords

    @classmethod
    def of_options(cls, scopes: tuple[str, ...], options: TokenRequestOptions | None) -> "TokenCall":
        """Return a call of ``get_token_info``."""
        return cls("get_token_info", scopes, {**options} if options else {})

    @property
    def key(self) -> Hashable:
        """Calls with equal keys fail for the same reasons."""
        given = self.keywords
        return self.scopes, given.get("claims"), given.get("tenant_id"), bool(given.get("enable_cae", False))

    def invoke(self, credential: Any) -> Any:
        """Call the credential and return its result.

        :raises CredentialUnavailableError: a proof-of-possession token was requested and the credential does not
            support it.
        """
        keywords = dict(self.keywords)
        if hasattr(credential, self.method):
            if self.method == "get_token":
                return credential.get_token(*self.scopes, **keywords)
            return credential.get_token_info(*self.scopes, options=keywords)
        if self.method == "get_token":
            options = {name: keywords[name] for name in _SHARED if keywords.get(name) is not None}
            return credential.get_token_info(*self.scopes, options=options)
        if keywords.get("pop"):
            raise CredentialUnavailableError(message="Proof of possession is not supported by this credential.")
        return credential.get_token(*self.scopes, **keywords)

    def read(self, credential: Any, token: Any) -> Any:
        """Return the credential's token as the class that the caller's method returns."""
        if hasattr(credential, self.method):
            return token
        if self.method == "get_token":
            return OpaqueAccessToken(token.token, token.expires_on)
        return OpaqueAccessTokenInfo(token.token, token.expires_on)
