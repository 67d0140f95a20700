"""The settings of the cache that the programs of one OS user share."""

from typing import Any

_DEFAULT_NAME = "msal.cache"


class TokenCachePersistenceOptions:
    """Keeps a credential's tokens beyond the process, where azure-identity and other MSAL programs keep theirs.

    The cache is encrypted by the platform: the Data Protection API of Windows, the Keychain of macOS, libsecret on
    Linux. It is for programs on a desktop, of one user; a server keeps its tokens in a
    :class:`~webidentity.cache.TokenCache` over a store.

    :keyword bool allow_unencrypted_storage: whether a file of mode 0600 may take the place of libsecret where that does
        not work, for example without a desktop session. Encryption is tried first in any case.
    :keyword str name: name of the cache; the default is the one that developer tools share.
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
