"""A served base with one user of every role, and a browser of little comfort that fills in forms as pages give them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from vehiclenest.web import Configuration, accounts
from vehiclenest.web.app import create_app
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Role
from vehiclenest.web.visit import Application

PASSWORD = "eleven green lorries 7"
HTML = {"accept": "text/html"}


@dataclass(slots=True)
class Base:
    """An application at work, as tests see it."""

    app: Litestar
    application: Application

    @property
    def database(self) -> Database:
        return self.application.database

    def user(self, role: Role, name: str = "") -> int:
        """Return the user of a role, made at first use; his name is the role's where none is given."""
        name = name or role.value
        with self.database.writing() as connection:
            found = accounts.credentials(connection, name)
            if found is None:
                accounts.create_user(connection, name, role)
                found = accounts.credentials(connection, name)
                assert found is not None
                accounts.set_password(connection, found.id, PASSWORD)
            return found.id

    def browser(self, role: Role = Role.PUBLIC, name: str = "") -> "Browser":
        """Return a browser in which somebody of a role has logged in; the session is made without the form."""
        client = TestClient(self.app, base_url="http://testserver.local")
        if role is not Role.PUBLIC:
            key = self.user(role, name)
            with self.database.writing() as connection:
                client.cookies.set("vnest_session", accounts.start_session(connection, key, "test"))
        return Browser(client)

    def token(self, role: Role) -> dict[str, str]:
        """Return the headers of a program that acts for somebody of a role."""
        key = self.user(role)
        with self.database.writing() as connection:
            text = accounts.create_token(connection, accounts.Principal(role, key, role.value), "test", 30)
        return {"authorization": f"Bearer {text}"}


@dataclass(slots=True)
class Browser:
    """Opens pages and sends their forms."""

    client: TestClient[Litestar]

    def get(self, path: str, *, follow: bool = False, **more: Any) -> Any:
        return self.client.get(path, headers=HTML, follow_redirects=follow, **more)

    def csrf(self, path: str = "/account") -> str:
        """Return the token of the forms of a page."""
        found = re.search(r'name="_csrf" value="([0-9a-f]+)"', self.get(path, follow=True).text)
        assert found is not None
        return found[1]

    def post(self, path: str, fields: dict[str, Any] | None = None, *, token: str | None = None, **more: Any) -> Any:
        data = {"_csrf": token if token is not None else self.csrf(), **(fields or {})}
        return self.client.post(path, data=data, headers=HTML, follow_redirects=False, **more)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    yield from served(tmp_path_factory.mktemp("base"))


@pytest.fixture
def fresh_base(tmp_path: Path) -> Iterator[Base]:
    yield from served(tmp_path)


def served(folder: Path, contest: Path | None = None) -> Iterator[Base]:
    """Give an application on a new database; its logs go nowhere."""
    url = f"sqlite:///{folder / 'base.db'}"
    configuration = Configuration(url, requests_per_minute=1_000_000, logins_per_minute=1000, contest=contest)
    app = create_app(configuration)
    application = app.state["application"]
    yield Base(app, application)
    application.database.close()
