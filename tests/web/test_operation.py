"""Settings as they hold, and a copy of the base that is whole and serves again."""

import io
import zipfile
from pathlib import Path

from tests.web.conftest import PASSWORD, Base

from vehiclenest.ledger import Trace, trace
from vehiclenest.web import accounts
from vehiclenest.web.database import Database
from vehiclenest.web.policy import Role
from vehiclenest.web.security import password_matches

VIN = "LSVAA49J132047371"


def test_a_copy_holds_everything_and_can_be_served(fresh_base: Base, tmp_path: Path) -> None:
    car = {"vin": VIN, "make": "VOLKSWAGEN", "model": "LAVIDA", "year": "2012"}
    assert fresh_base.browser(Role.OPERATOR).post("/yard/intake", car).status_code == 303
    admin = fresh_base.browser(Role.ADMIN)
    answer = admin.post("/admin/backup")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        copy = Path(packed.extract("base.db", tmp_path))
        content = copy.read_bytes()
    database = Database(f"sqlite:///{copy}")
    try:
        found = trace(database.ledger, VIN)
        assert isinstance(found, Trace)
        with database.reading() as connection:
            user = accounts.credentials(connection, "operator")
        assert user is not None
        assert password_matches(user.password, PASSWORD)
    finally:
        database.close()
    assert "backup taken" in admin.get("/audit").text
    assert b"eleven green" not in content


def test_settings_show_value_unit_and_source(base: Base) -> None:
    admin = base.browser(Role.ADMIN)
    page = admin.get("/admin/settings?table=prices").text
    assert "CNY" in page
    assert "<td>U</td>" in page or "<td>S</td>" in page
    assert admin.get("/admin/settings?table=../../etc/passwd").status_code == 404
    for role in (Role.AUDITOR, Role.OPERATOR):
        assert base.browser(role).get("/admin/settings").status_code == 403
