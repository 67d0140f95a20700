"""The token types that Azure SDK clients know, with a repr that shows no token."""

from azure.core.credentials import AccessToken, AccessTokenInfo


class OpaqueAccessToken(AccessToken):
    """An AccessToken whose repr leaves the token out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"AccessToken(token='***', expires_on={self.expires_on})"


class OpaqueAccessTokenInfo(AccessTokenInfo):
    """An AccessTokenInfo whose repr leaves the token out."""

    def __repr__(self) -> str:
        return (
            f"AccessTokenInfo(token='***', expires_on={self.expires_on}, token_type={self.token_type!r}, "
            f"refresh_on={self.refresh_on})"
        )
