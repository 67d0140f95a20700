"""The hosts of each cloud: MSAL files the tokens of one cloud under whichever of its hosts was asked."""

_CLOUDS = (
    frozenset(("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")),
    frozenset(("login.partner.microsoftonline.cn", "login.chinacloudapi.cn")),
    frozenset(("login.microsoftonline.us", "login.usgovcloudapi.net")),
    frozenset(("login-us.microsoftonline.com",)),
    frozenset(("login.microsoftonline.de",)),
    frozenset(("login.sovcloud-identity.fr",)),
    frozenset(("login.sovcloud-identity.de",)),
    frozenset(("login.sovcloud-identity.sg",)),
)
_BY_HOST = {host: cloud for cloud in _CLOUDS for host in cloud}


def aliases_of(host: str) -> frozenset[str]:
    """Return all hosts of the host's cloud, itself among them; none if the cloud is not a known one."""
    return _BY_HOST.get(host, frozenset())
