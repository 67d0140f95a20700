"""The options of the cache that programs of one desktop user share."""

from typing import Any

_DEFAULT_NAME = "msal.cache"


class TokenCachePersistenceOptions:
    """Keeps tokens on disk, in the cache that azure-identity and other MSAL programs of the user share.

    The platform encrypts the cache: the Data Protection API on Windows, the Keychain on macOS, libsecret on Linux. It
    is for desktop and command-line programs. A server keeps its tokens in a :class:`~webidentity.cache.TokenCache` with
    a store.

    :keyword bool allow_unencrypted_storage: whether to store the cache in a file of mode 0600 if libsecret cannot be
        used, for example without a desktop session. Encryption is always tried first. The default is False.
    :keyword str name: the name of the cache. The default is the cache that developer tools share.
    """

    def __init__(
        self,
        *,
        allow_unencrypted_storage: bool = False,
        name: str = _DEFAULT_NAME,
        **kwargs: Any,  # noqa: ARG002 - azure-identity accepts any
    ) -> None:
        self.allow_unencrypted_storage = allow_unencrypted_storage
        self.name = name

    def __repr__(self) -> str:
        return (
            f"TokenCachePersistenceOptions(name={self.name!r}, "
            f"allow_unencrypted_storage={self.allow_unencrypted_storage!r})"
        )
