"""azure-core's token types, with a repr that does not contain the token."""

from azure.core.credentials import AccessToken, AccessTokenInfo


class OpaqueAccessToken(AccessToken):
    """An AccessToken without the token in its repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"AccessToken(token='***', expires_on={self.expires_on})"


class OpaqueAccessTokenInfo(AccessTokenInfo):
    """An AccessTokenInfo without the token in its repr."""

    def __repr__(self) -> str:
        return (
            f"AccessTokenInfo(token='***', expires_on={self.expires_on}, token_type={self.token_type!r}, "
            f"refresh_on={self.refresh_on})"
        )
