"""What differs between the two sites, and what both have to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SiteSettings:
    """The settings of one site.

    :param look: class of the page's body, which the stylesheet gives the site's colour.
    :param sign_in_scopes: what people are asked to consent to at sign-in, beside signing in.
    :param names: what identifiers in tokens stand for, for people.
    :param folder: where the site may write.
    """

    name: str
    look: str
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
