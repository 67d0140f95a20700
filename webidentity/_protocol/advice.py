"""Advice for AADSTS codes (Microsoft Entra authentication error codes)."""

from collections.abc import Iterable

_FEDERATION = (
    "Compare the token's issuer, subject and audience with the federated credential that is registered on the "
    "application: they must be equal, including upper and lower case."
)
#: An administrator has to consent: the user cannot.
_ADMINISTRATOR_MUST_APPROVE = frozenset({90094, 90095})
_ADVICE = {
    50011: "Register this redirect URI on the application, exactly as it was sent.",
    50013: "The assertion is not valid: send the caller's access token, issued for this application.",
    50020: "The user is of another tenant: invite them as a guest, or let them sign in with an account of this tenant.",
    50034: "The user does not exist in this tenant.",
    50058: "No user is signed in at the authority: send the user through an interactive sign-in.",
    50076: "Multi-factor authentication is required: send the user through sign-in with the claims of this error.",
    50079: "The user must register for multi-factor authentication: send the user through sign-in.",
    50097: "The device must authenticate itself: send the user through sign-in with the claims of this error.",
    50105: "The user is not assigned to the application: assign the user or one of their groups to the enterprise "
    "application, or turn its setting 'Assignment required' off.",
    50126: "The username or the password is wrong.",
    50158: "A further check outside of Microsoft Entra ID is required: send the user through an interactive sign-in.",
    50173: "The session was revoked: send the user through sign-in.",
    50194: "The application accepts users of its own tenant only: use the tenant's id instead of 'common' or "
    "'organizations', or make the application multi-tenant.",
    53000: "A Conditional Access policy requires a compliant device, and this one is not.",
    53003: "A Conditional Access policy blocks this sign-in: an administrator finds it in the sign-in log.",
    54005: "The authorization code was already redeemed: start a new sign-in.",
    65001: "The user or an administrator has not consented to these scopes: request them in an interactive sign-in.",
    65004: "The user declined the permissions that the application requests.",
    70008: "The code or refresh token has expired: start a new sign-in.",
    70011: "A scope is malformed: use 'resource/permission', or 'resource/.default' for an application.",
    70021: _FEDERATION,
    90002: "The tenant does not exist: check the tenant id and the cloud.",
    90094: "An administrator must consent to the permissions that the application requests.",
    90095: "An administrator must approve the user's request for consent.",
    500113: "The application has no redirect URI: register the one that was sent.",
    530003: "A Conditional Access policy requires a managed device, and this one is not.",
    650053: "The application requests a scope that the resource does not have: check the name of the scope.",
    700016: "The application is not in this tenant: check the client id and the tenant id.",
    700021: "The client assertion is for a different application: its 'iss' and 'sub' must be this client id.",
    700023: "The client assertion is for a different authority: its 'aud' must be the tenant's token endpoint.",
    700024: "The client assertion is outside its time range: check the clock of this machine.",
    700027: "The certificate is not registered on the application, or its signature is wrong.",
    700211: _FEDERATION,
    700212: _FEDERATION,
    700213: _FEDERATION,
    700038: "The client id is not valid: use the application (client) id of the registration.",
    700082: "The refresh token expired through inactivity: start a new sign-in.",
    500011: "The resource of the scope is not in this tenant: check the part of the scope before the last slash.",
    500131: "The assertion was issued for a different application: its 'aud' must be this client.",
    501481: "The code verifier does not belong to the authorization request: start a new sign-in.",
    7000112: "The application is disabled in this tenant: an administrator can enable it.",
    7000114: "An application-only token cannot be exchanged on behalf of a user.",
    7000215: "The client secret is wrong: use the secret's value, not its id, and check that it has not been replaced.",
    7000218: "The application is a confidential client: configure its client secret.",
    7000272: "The issuer of the federated token does not publish the key that signed it: check the issuer's metadata.",
    7002138: _FEDERATION,
    7000222: "The client secret has expired: create a new one for the application.",
}


def advice_for(codes: Iterable[int]) -> str | None:
    """Return the advice for the first code that has any, or None."""
    return next((_ADVICE[code] for code in codes if code in _ADVICE), None)


def add_advice(message: str, codes: Iterable[int]) -> str:
    """Return the message, followed by the advice for the first code that has any. There is no white space around it."""
    advice, message = advice_for(codes), message.strip()
    return f"{message.rstrip(' .')}. {advice}" if advice else message


def needs_administrator(codes: Iterable[int]) -> bool:
    """Return whether an administrator has to consent, because the user is not allowed to."""
    return not _ADMINISTRATOR_MUST_APPROVE.isdisjoint(codes)


def aadsts(codes: Iterable[int]) -> str:
    """Return the codes as Microsoft's documentation writes them."""
    return ", ".join(f"AADSTS{code}" for code in codes) or "no AADSTS code"
