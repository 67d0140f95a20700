"""The clouds' authority hosts."""

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
    """Authority hosts of the national clouds, to be passed as ``authority=``."""

    AZURE_CHINA = "login.chinacloudapi.cn"
    AZURE_GOVERNMENT = "login.microsoftonline.us"
    AZURE_PUBLIC_CLOUD = "login.microsoftonline.com"


#: The name that azure-identity had for it first.
KnownAuthorities = AzureAuthorityHosts
