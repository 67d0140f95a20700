"""The settings of one site of the demonstration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Sent with every page that has no policy of its own. Forms post to the site only, sign-out included.
CONTENT_SECURITY_POLICY = "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True)
class SiteSettings:
    """Everything a site needs to run, whatever its framework.

    :param css_class: class of the page's body, which selects the site's colour.
    :param sign_in_scopes: extra scopes that users consent to at sign-in.
    :param names: display names for the identifiers in tokens.
    :param folder: a folder for the site's token cache.
    """

    name: str
    css_class: str
    other_name: str
    other_url: str
    tenant_id: str
    authority: str
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    files_scope: str
    sign_in_scopes: tuple[str, ...]
    names: Mapping[str, str]
    uses_local_tenant: bool
    folder: Path
    secret_key: str = field(repr=False)
