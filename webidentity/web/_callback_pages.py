"""The pages that a user sees when a sign-in fails."""

from dataclasses import replace
from typing import NamedTuple

from webidentity._protocol.advice import aadsts, advice_for, needs_administrator
from webidentity.errors import EntraError
from webidentity.web._answer import Answer
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page, refuse
from webidentity.web._pending import PendingSignIn
from webidentity.web._sign_in_links import SignInLinks, SignInRequest

_TRY_AGAIN = "Try again. If this keeps happening, send the details below to the administrator of this application."

#: Seconds after which a transient error is worth another try.
RETRY_AFTER = 5


class CallbackPages(NamedTuple):
    """The answers to an authorization response that does not start a session. Each offers to sign in again."""

    facts: RequestFacts
    links: SignInLinks

    def wrong_method(self) -> Answer:
        """The method is not GET, although the request asked for a redirection by GET."""
        page = Page("This address only completes sign-ins", "Microsoft Entra ID opens it after you sign in.")
        return refuse(self.facts, 405, "method_not_allowed", page, (("Allow", "GET"),))

    def malformed(self) -> Answer:
        """Parameters are missing, repeated, or contradict each other."""
        return self._again(
            400,
            "invalid_response",
            "This link is not a valid sign-in response",
            "It is incomplete, or it was changed. Sign in again to continue.",
        )

    def not_found(self, path: str | None) -> Answer:
        """This browser has no pending sign-in with this state. The path is the page to return to, if it is known."""
        return self._again(
            400,
            "sign_in_not_found",
            "We could not match this sign-in to your browser",
            "You may have started it in another browser, completed it already, or waited too long. Sign in again. If "
            "this keeps happening, allow cookies for this site.",
            path=path,
        )

    def expired(self) -> Answer:
        """The pending sign-in is too old."""
        return self._again(
            400,
            "sign_in_expired",
            "Your sign-in took too long",
            "For your security, a sign-in must be completed within ten minutes. Sign in again to continue.",
        )

    def used_before(self) -> Answer:
        """The state was presented a second time."""
        return self._again(
            400,
            "sign_in_replayed",
            "This sign-in was already used",
            "Each sign-in can be completed only once. Sign in again to continue.",
        )

    def signed_in_already(self, path: str | None) -> Answer:
        """The user is signed in: by this sign-in before, or in another tab."""
        page = Page(
            "You are signed in",
            "You have already completed this sign-in, or signed in in another tab.",
            action=(path or f"{self.facts.root_path}/", "Continue"),
        )
        return refuse(self.facts, 400, "sign_in_replayed", page)

    def not_granted(self, error: str, pending: PendingSignIn) -> Answer:
        """A signed-in user declined a further permission, or canceled."""
        again = self.links.url(self.facts, SignInRequest(pending.next_path, pending.scopes, pending.claims))
        page = Page(
            "You did not grant the permission",
            "You are still signed in, and nothing was changed. The page that you opened needs a permission that you "
            "declined, or that you did not decide on.",
            action=(f"{self.facts.root_path}/", "Continue without it"),
            other_action=(again, "Ask me again"),
        )
        return refuse(self.facts, 403, error, page)

    def temporarily_unavailable(self, pending: PendingSignIn) -> Answer:
        """The authority is overloaded or under maintenance."""
        answer = self._again(
            503,
            "temporarily_unavailable",
            "Microsoft Entra ID is temporarily unavailable",
            "Nothing was changed. Try again in a minute.",
            pending=pending,
        )
        return _retry_later(answer, RETRY_AFTER)

    def ended_at_authority(self, error: str, codes: tuple[int, ...], pending: PendingSignIn) -> Answer:
        """The authority sent an error instead of a code."""
        if error == "temporarily_unavailable":
            return self.temporarily_unavailable(pending)
        if needs_administrator(codes):
            return self._again(
                403,
                "approval_required",
                "An administrator must approve this",
                "This application requests permissions that only an administrator can grant. Ask an administrator of "
                "your organization to approve it, then sign in again.",
                f"Error: {aadsts(codes)}",
                pending,
            )
        if error == "access_denied" and not set(codes) - {65004}:
            return self._again(
                403,
                error,
                "You did not sign in",
                "You canceled the sign-in, or declined the permissions that this application requests. Nothing was "
                "changed. You can sign in again at any time.",
                pending=pending,
            )
        return self._again(
            400,
            "sign_in_failed",
            "We could not sign you in",
            f"Microsoft Entra ID returned an error. {_TRY_AGAIN}",
            " ".join(filter(None, (f"Error: {error}, {aadsts(codes)}.", advice_for(codes)))),
            pending,
        )

    def not_acceptable(self, reason: str) -> Answer:
        """The ID token is not valid for this sign-in."""
        return self._again(
            403,
            "sign_in_refused",
            "We could not verify your sign-in",
            "The response from Microsoft Entra ID is not valid for this application, or not for this sign-in. "
            f"{_TRY_AGAIN}",
            f"Reason: {reason}",
        )

    def refused_by_authority(self, error: EntraError, pending: PendingSignIn) -> Answer:
        """The token endpoint refused the code."""
        if error.error == "temporarily_unavailable":
            return self.temporarily_unavailable(pending)
        codes = aadsts(error.error_codes) if error.error_codes else error.error or "unknown"
        return self._again(
            502 if error.error is None else 400,
            "sign_in_failed",
            "We could not complete your sign-in",
            f"Microsoft Entra ID did not issue a token. {_TRY_AGAIN}",
            f"Error: {codes}. Correlation ID: {error.correlation_id or 'none'}",
            pending,
        )

    def authority_unreachable(self, pending: PendingSignIn, retry_after: int) -> Answer:
        """The network or the authority failed, or the authority is busy."""
        answer = self._again(
            503,
            "authority_unreachable",
            "We could not reach Microsoft Entra ID",
            "You are not signed in yet. Try again in a minute.",
            pending=pending,
        )
        return _retry_later(answer, retry_after)

    def _again(
        self,
        status: int,
        error: str,
        title: str,
        text: str,
        detail: str = "",
        pending: PendingSignIn | None = None,
        path: str | None = None,
    ) -> Answer:
        if pending is None:
            url = self.links.plain_url(self.facts, path)
        else:
            url = self.links.url(self.facts, SignInRequest(pending.next_path, pending.scopes, pending.claims))
        return refuse(self.facts, status, error, Page(title, text, detail, (url, "Sign in again")))


def _retry_later(answer: Answer, seconds: int) -> Answer:
    return replace(answer, headers=(*answer.headers, ("Retry-After", str(seconds))))
