"""The tenant served on a loopback address."""

from __future__ import annotations

import http.client
import json
import logging
from urllib.parse import urlencode, urlsplit

import pytest

from webidentity.testing import LocalTenant, serve


@pytest.fixture
def server():
    tenant = LocalTenant()
    tenant.add_user("ada@tenant.test", password="ada-password", name="Ada Lovelace")
    tenant.add_app("Daemon", secrets=["daemon-secret"])
    with serve(tenant) as running:
        yield running


@pytest.fixture
def connection(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield connection
    connection.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response, response.read()


def test_metadata_and_tokens_over_one_connection(server, connection):
    tenant = server.tenant
    assert tenant.base_url == server.url == f"http://localhost:{server.port}"
    _, body = ask(connection, "GET", f"/{tenant.tenant_id}/v2.0/.well-known/openid-configuration")
    document = json.loads(body)
    assert document["issuer"] == tenant.issuer
    socket = connection.sock
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.apps[1].client_id,
        "client_secret": "daemon-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = urlsplit(document["token_endpoint"]).path
    response, body = ask(connection, "POST", path, urlencode(form), headers)
    assert response.status == 200
    assert json.loads(body)["token_type"] == "Bearer"
    assert connection.sock is socket is not None


def test_cookies_are_not_secure_over_http(server, connection):
    app = server.tenant.add_app("Web", secrets=["s"], redirect_uris=["http://localhost:5000/cb"])
    query = urlencode({"client_id": app.client_id, "redirect_uri": app.redirect_uris[0], "response_type": "code"})
    response, _ = ask(connection, "GET", f"/common/oauth2/v2.0/authorize?{query}&scope=openid")
    assert response.status == 200
    cookies = response.msg.get_all("Set-Cookie")
    assert len(cookies) == 2
    assert not any("Secure" in cookie for cookie in cookies)


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test:80", "[", ""])
def test_other_host_names_are_refused(server, connection, host):
    response, _ = ask(connection, "GET", "/common/discovery/v2.0/keys", headers={"Host": host})
    assert response.status == 421


def test_a_body_that_is_too_large(server, connection):
    response, _ = ask(connection, "POST", "/common/oauth2/v2.0/token", headers={"Content-Length": str(2**30)})
    assert response.status == 413
    assert response.getheader("Connection") == "close"


def test_an_absolute_request_target_is_refused(server, connection):
    connection.putrequest("GET", "http://evil.test/", skip_host=True)
    connection.putheader("Host", "localhost")
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    assert response.status == 400


def test_the_log_has_paths_and_nothing_else(server, connection, caplog, capsys):
    with caplog.at_level(logging.DEBUG):
        ask(connection, "GET", "/common/discovery/v2.0/keys?code=canary")
        ask(connection, "POST", "/common/oauth2/v2.0/token", "client_secret=canary")
    assert "/common/discovery/v2.0/keys 200" in caplog.text
    assert "canary" not in caplog.text
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.com", ""])
def test_only_loopback(host):
    with pytest.raises(ValueError, match="loopback"):
        serve(LocalTenant(), host)


def test_starting_and_closing_twice():
    server = serve(LocalTenant())
    assert "not started" in repr(server)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    assert server.start().port == server.start().port
    server.close()
    server.close()
    assert "not started" in repr(server)


def test_closing_closes_idle_connections(server, connection):
    ask(connection, "GET", "/common/discovery/v2.0/keys")
    server.close()
    assert connection.sock.recv(1) == b""
