"""The authority hosts of the Azure clouds."""

import warnings

_GERMANY = "login.microsoftonline.de"


class _Deprecated(type):
    def __getattr__(cls, name: str) -> str:
        if name == "AZURE_GERMANY":
            warnings.warn(
                "AZURE_GERMANY is deprecated: Microsoft Cloud Germany was closed on October 29th, 2021.",
                DeprecationWarning,
                stacklevel=2,
            )
            return _GERMANY
        raise AttributeError(f"{cls.__name__!r} has no attribute {name!r}")


class AzureAuthorityHosts(metaclass=_Deprecated):
    """The authority hosts of the Azure clouds, to pass as ``authority=``."""

    AZURE_CHINA = "login.chinacloudapi.cn"
    AZURE_GOVERNMENT = "login.microsoftonline.us"
    AZURE_PUBLIC_CLOUD = "login.microsoftonline.com"


#: The earlier name in azure-identity.
KnownAuthorities = AzureAuthorityHosts
