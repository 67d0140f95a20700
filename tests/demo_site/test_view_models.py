"""Tests of the data that the pages of both sites display."""

import pytest

from demo_site.files_client import FilesReply
from demo_site.hops import hops_of
from demo_site.personal_files import ADA_FILES, PersonalFiles
from demo_site.problem import problem_of_files
from demo_site.profile import profile_of
from demo_site.service_client import ServiceError
from demo_site.token_claims import displayed_claims, unverified_claims
from webidentity import AuthenticationRecord

RECORD = AuthenticationRecord("tenant", "client", "login.test", "oid.tenant", "ada@tenant.test")
CALLER = {
    "aud": "api-id",
    "azp": "site-id",
    "scp": "Files.Read",
    "preferred_username": "ada@tenant.test",
    "oid": "oid",
    "exp": 3600,
}


def hops(graph, profile=None, now=0.0):
    reply = FilesReply((), CALLER, graph, profile or {"displayName": "Ada", "userPrincipalName": "ada@tenant.test"})
    names = {"api-id": "Files API", "site-id": "Test site"}
    return hops_of(RECORD, reply, site="Test site", cookie="cookie", names=names, now=now)


def test_three_hops_form_a_chain():
    first, second, third = hops({**CALLER, "aud": "graph", "azp": "api-id", "scp": "User.Read"})
    assert [hop.number for hop in (first, second, third)] == [1, 2, 3]
    assert (first.target, second.target) == (second.source, third.source)
    assert {hop.username for hop in (first, second, third)} == {"ada@tenant.test"}
    assert [(fact.claim, fact.value, fact.name) for fact in second.facts] == [
        ("aud", "api-id", "Files API"),
        ("azp", "site-id", "Test site"),
        ("scp", "Files.Read", ""),
        ("oid", "oid", ""),
    ]
    assert (second.expiry, second.expiry_note) == ("01:00 UTC", "in 60 minutes")


def test_unreadable_graph_token_is_tolerated():
    """Only Graph may rely on the format of its tokens."""
    assert unverified_claims("opaque") == {}
    third = hops({"exp": 60})[2]
    assert third.facts == ()
    assert third.username == "ada@tenant.test"
    assert third.expiry_note == "in 1 minute"


@pytest.mark.parametrize(("exp", "note"), [(29, "now"), (-500, "now"), (7200, "in 120 minutes"), ("soon", "")])
def test_expiry_in_words(exp, note):
    assert hops({"exp": exp})[2].expiry_note == note


def test_other_claims_are_not_displayed():
    assert displayed_claims({"oid": "1", "uti": "2", "sid": "3"}) == {"oid": "1"}


def test_profile_explains_known_claims():
    claims = {"name": "Ada", "exp": 0, "uti": "u", "roles": ["Reader", "Writer"]}
    profile = profile_of(RECORD, claims)
    assert profile.name == "Ada"
    assert [row.name for row in profile.claims] == ["name", "exp", "roles"]
    assert all(row.meaning for row in (*profile.claims, *profile.record))
    assert {row.name: row.value for row in profile.claims}["roles"] == "Reader, Writer"
    assert {row.name: row.value for row in profile.claims}["exp"] == "01 January 1970, 00:00:00 UTC"
    assert [row.name for row in profile.other_claims] == ["uti"]
    assert profile_of(RECORD, {}).name == "ada@tenant.test"


def test_files_are_keyed_by_tenant_and_object_id():
    files = PersonalFiles({("tenant", "oid"): ADA_FILES})
    assert files.for_user({"tid": "tenant", "oid": "oid"}) == ADA_FILES
    assert [file.name for file in files.for_user({"tid": "other", "oid": "oid"})] == ["Welcome.txt"]


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (ServiceError("No answer"), 503, "does not answer"),
        (ServiceError("Refused", 401, "interaction_required"), 403, "consent"),
        (ServiceError("Refused", 500, "broken"), 502, "Try again"),
    ],
)
def test_error_pages(error, status, word):
    problem = problem_of_files(error, "/files")
    assert problem.status == status
    assert word in problem.text
    assert problem.action_url == "/files"
