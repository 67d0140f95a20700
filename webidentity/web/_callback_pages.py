"""What a person reads when a sign-in does not succeed."""

from dataclasses import dataclass
from urllib.parse import urlencode

from webidentity._protocol.advice import aadsts
from webidentity.errors import EntraError
from webidentity.web._answer import Answer
from webidentity.web._facts import RequestFacts
from webidentity.web._pages import Page
from webidentity.web._pending import PendingSignIn
from webidentity.web._refusal import refuse
from webidentity.web._sign_in import SignIn, SignInRequest


@dataclass(frozen=True, slots=True)
class CallbackPages:
    """The answers to a redirection that does not lead to a session.

    :param sign_in_path: where to begin again.
    """

    facts: RequestFacts
    sign_in_path: str
    sign_in: SignIn

    def wrong_method(self) -> Answer:
        """The authority was configured to redirect by GET."""
        page = Page("This address is for sign-in only", "It is opened by Microsoft Entra ID at the end of a sign-in.")
        return refuse(self.facts, 405, "method_not_allowed", page, (("Allow", "GET"),))

    def malformed(self) -> Answer:
        """Parameters are missing, doubled, or contradict each other."""
        return self._again(
            400, "invalid_response", "This is not the end of a sign-in", "The address is incomplete or was changed."
        )

    def not_begun_here(self) -> Answer:
        """No pending sign-in of this browser has this state."""
        return self._again(
            400,
            "sign_in_not_found",
            "This sign-in was not begun here",
            "It was begun in another browser, was finished already, or took too long. If it happens again, allow "
            "cookies for this site.",
        )

    def too_late(self) -> Answer:
        """The pending sign-in has expired."""
        return self._again(
            400,
            "sign_in_expired",
            "The sign-in took too long",
            "For your safety a sign-in must end within ten minutes.",
        )

    def used_before(self) -> Answer:
        """The state was presented a second time."""
        return self._again(
            400, "sign_in_replayed", "This sign-in is already over", "Each sign-in can be finished only once."
        )

    def signed_in_already(self) -> Answer:
        """The sign-in is over, and it succeeded: somebody went back or reloaded the page."""
        page = Page(
            "You are signed in",
            "This address is the end of a sign-in that is over already.",
            action=(f"{self.facts.root_path}/", "Continue"),
        )
        return refuse(self.facts, 400, "sign_in_replayed", page)

    def ended_at_authority(self, error: str, codes: tuple[int, ...], pending: PendingSignIn) -> Answer:
        """The authority answered with an error instead of a code."""
        if error == "access_denied":
            return self._again(
                403,
                error,
                "You did not sign in",
                "You ended the sign-in, or did not agree to what the application asked for. Nothing was changed; you "
                "can sign in again whenever you like.",
                pending=pending,
            )
        return self._again(
            400,
            "sign_in_failed",
            "The sign-in did not succeed",
            "Microsoft Entra ID ended it. Try again; if it happens again, tell whoever runs this application.",
            f"Error: {error}, {aadsts(codes)}",
            pending,
        )

    def not_acceptable(self, reason: str) -> Answer:
        """The ID token is not one for this sign-in."""
        return self._again(
            403,
            "sign_in_refused",
            "This account cannot sign in here",
            "What Microsoft Entra ID sent was not meant for this application, or not for this sign-in.",
            f"Reason: {reason}",
        )

    def refused_by_authority(self, error: EntraError, pending: PendingSignIn) -> Answer:
        """The token endpoint refused the code."""
        codes = aadsts(error.error_codes) if error.error_codes else error.error or "unknown"
        detail = f"Error: {codes}. Correlation id: {error.correlation_id or 'none'}"
        return self._again(
            502 if error.error is None else 400,
            "sign_in_failed",
            "The sign-in could not be completed",
            "Microsoft Entra ID did not hand out tokens. Try again; if it happens again, tell whoever runs this "
            "application what stands below.",
            detail,
            pending,
        )

    def authority_unreachable(self, pending: PendingSignIn) -> Answer:
        """Network trouble."""
        return self._again(
            502,
            "authority_unreachable",
            "Microsoft Entra ID cannot be reached",
            "The sign-in was correct, but it could not be completed just now. Try again in a minute.",
            pending=pending,
        )

    def _again(
        self, status: int, error: str, title: str, text: str, detail: str = "", pending: PendingSignIn | None = None
    ) -> Answer:
        query = ""
        if pending is not None:
            request = SignInRequest(pending.next_path, pending.scopes, pending.claims)
            query = f"?{urlencode({'request': self.sign_in.seal_request(request)})}"
        page = Page(title, text, detail, (f"{self.facts.root_path}{self.sign_in_path}{query}", "Sign in again"))
        return refuse(self.facts, status, error, page)
