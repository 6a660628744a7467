"""The entrance, which every request passes: limits and who asks; on the way out headers, cookies, metrics and a log line."""

import secrets
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from time import perf_counter
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web import accounts, security
from vehiclenest.web.audit import Origin
from vehiclenest.web.language import Speech, choose
from vehiclenest.web.observe import log, observe
from vehiclenest.web.policy import PUBLIC
from vehiclenest.web.visit import Application, Visit

_BEARER = "bearer "
_UNMATCHED = "(none)"
_LOGIN = "/login"


class Entrance:
    """ASGI middleware; outermost of all."""

    def __init__(self, app: ASGIApp, application: Application) -> None:
        self.app = app
        self.application = application
        configuration = application.configuration
        self.limit = security.RateLimit(configuration.requests_per_minute)
        self.logins = security.RateLimit(configuration.logins_per_minute)
        self.headers = [(name.encode(), value.encode()) for name, value in security.HEADERS.items()]
        if configuration.secure:
            self.headers.append((b"strict-transport-security", security.STRICT_TRANSPORT.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        request = secrets.token_hex(8)
        address = (scope.get("client") or ("", 0))[0]
        status = 500

        async def leave(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name.lower() for name, _ in message["headers"]}  # an answer may set a header of its own, as a sandbox does
                ours = [header for header in self.headers if header[0] not in own]
                message["headers"] = [*message["headers"], *ours, (b"x-request-id", request.encode()), *cookies(message)]
            await send(message)

        def cookies(message: Any) -> list[tuple[bytes, bytes]]:
            wanted = fresh and any(
                name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"]
            )
            return (
                [(b"set-cookie", self._cookie(self.application.configuration.cookie(security.FORM_COOKIE), fresh).encode())]
                if wanted
                else []
            )

        visit, fresh = await self._visit(scope, Origin(address, request))
        scope.setdefault("state", {})["visit"] = visit
        scope["state"]["limited"] = not self._allows(scope, address)
        try:
            await self.app(scope, receive, leave)
        finally:
            seconds = perf_counter() - started
            route = scope.get("path_template") or _UNMATCHED
            observe(scope["method"], route, status, seconds)
            log().info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 2),
                user=visit.principal.name,
                address=address,
                request=request,
            )

    def _allows(self, scope: Any, address: str) -> bool:
        if scope["method"] == "POST" and scope["path"] == _LOGIN and not self.logins.allows(address):
            return False
        return self.limit.allows(address)

    def _cookie(self, name: str, value: str) -> str:
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.application.configuration.secure else "")

    async def _visit(self, scope: Any, origin: Origin) -> tuple[Visit, str]:
        headers = Headers.from_scope(scope)
        jar: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            jar.load(headers.get("cookie", ""))
        session, form, language = (
            jar[name].value if name in jar else ""
            for name in map(
                self.application.configuration.cookie, (security.SESSION_COOKIE, security.FORM_COOKIE, security.LANGUAGE_COOKIE)
            )
        )
        authorization = headers.get("authorization", "")
        known = None
        with self.application.database.reading() as connection:
            if authorization.lower().startswith(_BEARER):
                known = accounts.by_token(connection, authorization[len(_BEARER) :].strip())
            elif session:
                known = accounts.by_session(connection, session)
        if known is not None and known.stale:
            await sync_to_thread(self._note_seen, session)
        principal = known.principal if known else PUBLIC
        fresh = "" if form or principal.via != "nothing" else security.new_secret()
        cookie = session if principal.via == "session" else form or fresh
        speech = Speech(choose(language, known.language if known else "", headers.get("accept-language", "")))
        csrf = security.form_token(self.application.form_key, cookie) if principal.via != "token" else ""
        return Visit(self.application, principal, speech, origin, scope["path"], csrf), fresh

    def _note_seen(self, session: str) -> None:
        with suppress(VehicleNestError), self.application.database.writing() as connection:
            accounts.note_seen(connection, session)
