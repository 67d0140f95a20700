"""A sign-in with another account than the session's, at a site, and what the site has stored for an account."""

from pathlib import Path

from tests.kit.http_browser import Browser, SiteReply
from tests.kit.sites import Site
from tests.kit.world import SECRET_KEY
from webidentity._transport.driver import SyncDriver
from webidentity.cache._envelope import KeyRing
from webidentity.cache._partition import Partition
from webidentity.cache._sqlite import SQLiteStore
from webidentity.cache._token_cache import TokenCache
from webidentity.testing import User

KEEP, SWITCH = "/auth/callback?account=keep", "/auth/callback?account=switch"


def sign_in_as_grace(site: Site, browser: Browser, path: str = "/files") -> SiteReply:
    """Follow a link to the sign-in when grace is signed in at the authority, and return what the site answers."""
    browser.tenant.cookies.clear()
    started = browser.get(f"/auth/sign-in?next={path}", {"Sec-Fetch-Site": "cross-site"})
    return browser.get(browser.authorize(started, site.world.grace))


def kept_for(site: Site, folder: Path, user: User | None = None) -> str | None:
    """Return the refresh token of ada, or of another user, from the store, decrypted with the secret key."""
    web = site.world.web
    tenant = site.world.tenant
    partition = Partition.user(
        client_id=web.client_id,
        authority=tenant.base_url,
        tenant=tenant.tenant_id,
        home_account_id=f"{(user or site.world.ada).object_id}.{tenant.tenant_id}",
    )
    cache = TokenCache(SQLiteStore(folder / "tokens.sqlite3"), KeyRing(SECRET_KEY))
    held = SyncDriver(lambda _: None).run(cache.load(partition))
    cache.close()
    return held.document.refresh_token if held else None
