"""Passwords, secrets, CSRF, limits and headers: what protects the application, in small functions.

Passwords: argon2id (RFC 9106) with the library's parameters. Secrets are 32 random bytes; the database knows their SHA-256 only. CSRF: the
token of a form is an HMAC of the cookie that the browser sends by itself; another site can send the cookie and not know the token.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from vehiclenest.core.errors import InputError, Where

SESSION_COOKIE = "vnest_session"
FORM_COOKIE = "vnest_form"
LANGUAGE_COOKIE = "vnest_language"
TOKEN_PREFIX = "vnest_"  # noqa: S105  # how a token starts, so that a scanner for leaked secrets knows it
IDLE_SECONDS = 12 * 3600  # a shift: after it a session that nobody used ends
LONGEST_SECONDS = 7 * 24 * 3600
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is misread
_LEAST_SCORE = 3  # of zxcvbn's 0 to 4: more than 10⁸ guesses
_ADDRESSES = 50_000

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}
# A file that somebody sent is shown in an origin of its own that may load nothing, send nothing and frame nothing; the script of a report
# draws in it. Browsers refuse a sandboxed page with an opener policy.
SANDBOX: Mapping[str, str] = {
    "content-security-policy": (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
        "font-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cross-origin-opener-policy": "unsafe-none",
    "referrer-policy": "no-referrer",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher().hash(password)


def password_matches(hashed: str, password: str) -> bool:
    """Return whether a password is the one of a hash; it takes as long for any."""
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def nobodys_hash() -> str:
    """Return a hash that no password matches, checked where a name is unknown: the answer then takes as long."""
    return hash_password(secrets.token_hex())


def check_new_password(password: str, name: str) -> None:
    """Raise `InputError` for a password that is too short, too long, or easy to guess by its make."""
    where = Where(field="password")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InputError(
            f"the password has {len(password)} characters", expected=f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD}", where=where
        )
    # The library looks through its list of 30,000 common passwords, names, keyboard walks, repeats and dates; it takes 72 characters.
    found = zxcvbn(password[:72], [name, "vehiclenest", "vnest"])
    if found["score"] < _LEAST_SCORE or any(
        word in password.lower() for word in (name.lower(), "vehiclenest", "vnest", "password")
    ):
        raise InputError("the password is easy to guess", expected="several words that nobody expects together", where=where)


def one_time_password() -> str:
    """Return a password that is typed once: 20 characters, 99 bits."""
    word = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    return "-".join(word[start : start + 5] for start in range(0, 20, 5))


def new_secret() -> str:
    """Return 32 random bytes as text for a cookie or token."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what the database keeps of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def form_token(key: bytes, cookie: str) -> str:
    """Return the CSRF token that belongs to a cookie."""
    return hmac.new(key, cookie.encode(), hashlib.sha256).hexdigest()


def same_token(expected: str, given: str) -> bool:
    """Return whether two tokens are the same, in constant time."""
    return hmac.compare_digest(expected.encode(), given.encode())


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Return whether a browser says that another site sent the request (Fetch Metadata; Origin against Host)."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


@dataclass(slots=True)
class RateLimit:
    """At most `per_minute` requests by each address in a minute, counted in this process; a full bucket allows a burst of all of them."""

    per_minute: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def allows(self, address: str) -> bool:
        """Count a request and return whether it is within the limit."""
        time = monotonic()
        left, last = self._left.get(address, (float(self.per_minute), time))
        left = min(float(self.per_minute), left + (time - last) * self.per_minute / 60)
        if len(self._left) >= _ADDRESSES:
            self._left.clear()
        self._left[address] = (max(left - 1, 0.0), time)
        return left >= 1
