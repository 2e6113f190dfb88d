"""Dremio's way of signing in over Arrow Flight.

Any call may carry ``authorization: Basic``; the answer's headers then hold a Bearer token, which
later calls send instead. Tokens are signed, not stored: many sign-ins cost no memory, and a restart
of the server ends them all.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from pyarrow import flight


class Tokens:
    """Issues and checks Bearer tokens of the form ``<expiry>.<signature>``."""

    def __init__(
        self, lifetime_seconds: int = 3600, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime_seconds
        self._clock = clock

    def issue(self) -> str:
        """A token that is accepted until its lifetime is over."""
        expiry = str(int(self._clock()) + self._lifetime)
        return f"{expiry}.{self._sign(expiry)}"

    def accepts(self, token: str) -> bool:
        """Whether this server issued the token and it has not expired."""
        expiry, _, signature = token.partition(".")
        # The signature comes first: an unsigned expiry is not worth reading.
        return _equal(self._sign(expiry), signature) and self._clock() < int(expiry)

    def _sign(self, expiry: str) -> str:
        return hmac.new(self._key, expiry.encode(), hashlib.sha256).hexdigest()


class Authenticator(flight.ServerMiddlewareFactory):
    """Refuses every call that carries neither the right password nor a token of ours."""

    def __init__(self, user: str, password: str, tokens: Tokens) -> None:
        super().__init__()
        self._user = user
        self._password = password
        self._tokens = tokens

    def start_call(
        self,
        info: flight.CallInfo,  # noqa: ARG002 (all calls are judged alike)
        headers: dict[str, list[str | bytes]],
    ) -> flight.ServerMiddleware:
        """Called before each call: gives the middleware that answers with the Bearer token."""
        scheme, _, value = _first(headers, "authorization").partition(" ")
        if scheme.lower() == "bearer" and self._tokens.accepts(value):
            return _Greeting(value)
        if scheme.lower() == "basic" and self._knows(value):
            return _Greeting(self._tokens.issue())
        raise flight.FlightUnauthenticatedError(
            "The token is not valid or has expired"
            if scheme.lower() == "bearer"
            else "User name or password is wrong"
        )

    def _knows(self, encoded: str) -> bool:
        # Arrow's client in Go, which ADBC's driver is made of, leaves out the padding.
        padded = encoded + "=" * (-len(encoded) % 4)
        try:
            decoded = base64.b64decode(padded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        user, _, password = decoded.partition(":")
        # Both are always compared, so that the time taken does not tell which one is wrong.
        return bool(_equal(user, self._user) & _equal(password, self._password))


class _Greeting(flight.ServerMiddleware):
    """Puts the token into the headers of the answer."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def sending_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}


class OpenHandshake(flight.ServerAuthHandler):
    """Lets the Handshake call through to the middleware, which alone decides."""

    def authenticate(self, outgoing: object, incoming: object) -> None:
        """The Handshake itself exchanges nothing."""

    def is_valid(self, token: bytes) -> bytes:  # noqa: ARG002
        """Calls carry no handshake token; the middleware has judged them already."""
        return b""


def _first(headers: dict[str, list[str | bytes]], name: str) -> str:
    for key, values in headers.items():
        if key.lower() == name and values:
            value = values[0]
            return value.decode("latin-1") if isinstance(value, bytes) else value
    return ""


def _equal(one: str, other: str) -> bool:
    """Compares in a time that does not depend on where the two differ."""
    return hmac.compare_digest(one.encode(), other.encode())
