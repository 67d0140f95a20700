"""Both users sign in and out at both sites with DEBUG logging. Prints the secrets found in the log records as JSON.

Run as a module, in a separate process.
"""

import http.client
import json
import logging
import re
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from demo_site.demo import Demo
from webidentity.testing import LocalTenant, TenantBrowser, TenantRequest, TenantResponse

PASSWORDS = {"ada@tenant.test": "engine-1843", "grace@tenant.test": "compiler-1952"}


class LogTexts(logging.Handler):
    """Keeps the text and arguments of every log record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {record.getMessage()} {record.args!r} {record.exc_text or ''}")


class Client:
    """A minimal browser for the sites. Its own requests are not logged."""

    def __init__(self, tenant: LocalTenant) -> None:
        self._authority = TenantBrowser(tenant)
        self._tenant = tenant
        self.cookies: dict[str, str] = {}
        self.secrets: set[str] = set()

    def visit(self, url: str, username: str, method: str = "GET") -> tuple[int, str]:
        for _ in range(12):
            if url.startswith(self._tenant.base_url):
                url = self._at_authority(url, username)
                self.secrets.update(parse_qs(urlsplit(url).query).get("code", []))
            status, location, text = self._send(method, url)
            if location is None:
                return status, text
            method, url = "GET", urljoin(url, location)
        raise AssertionError("redirect loop")

    def _at_authority(self, url: str, username: str) -> str:
        if "/logout" in url:
            return self._authority.logout(url).location or ""
        return self._authority.sign_in(url, username, PASSWORDS[username])

    def _send(self, method: str, url: str) -> tuple[int, str | None, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=10)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Host": parts.netloc, "Accept": "text/html", "Cookie": cookie}
        connection.request(method, f"{parts.path}?{parts.query}", headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        for header in response.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.secrets.add(value.strip('"'))
        return response.status, response.headers["Location"], text


def collect_tokens(tenant: LocalTenant, secrets: set[str]) -> None:
    """Add every token that the tenant issues to the secrets."""
    handle = tenant.handle

    def record_tokens(request: TenantRequest) -> TenantResponse:
        response = handle(request)
        if request.path.endswith("/token"):
            reply: dict[str, Any] = json.loads(response.body)
            secrets.update(str(reply[name]) for name in reply if name.endswith("_token"))
        return response

    tenant.handle = record_tokens


def main() -> None:
    """Run the scenario and print the result as JSON."""
    records = LogTexts()
    logging.basicConfig(level=logging.DEBUG, handlers=[records])
    with Demo() as demo:
        from django.core.checks import run_checks

        tenant = demo.tenant
        assert tenant is not None
        secrets = {*PASSWORDS.values(), *(secret for app in tenant.apps for secret in app.secrets)}
        collect_tokens(tenant, secrets)
        seen = []
        for username in PASSWORDS:
            client = Client(tenant)
            for site in (demo.addresses.flask, demo.addresses.django):
                for path, method in (("/profile", "GET"), ("/files", "GET"), ("/auth/sign-out", "POST")):
                    status, text = client.visit(f"{site}{path}", username, method)
                    seen.append([status, username in text, bool(re.search(r"eyJ[\w-]+\.", text))])
            secrets |= client.secrets
        problems = [str(problem) for problem in run_checks()]
    secrets.discard("")
    leaks = [text[:300] for text in records.texts if any(secret in text for secret in secrets)]
    result = {"leaks": leaks, "seen": seen, "records": len(records.texts), "secrets": len(secrets)}
    print(json.dumps({**result, "django_checks": problems}))


if __name__ == "__main__":
    main()
