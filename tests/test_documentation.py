"""The documents say what is."""

import json
import re
from pathlib import Path

from vehiclenest.cli.commands import app
from vehiclenest.loop.intake import manifest_schema
from vehiclenest.site import copy_settings

ROOT = Path(__file__).parents[1]


def test_the_schema_of_the_manifest_in_the_documents_is_the_one_of_the_code() -> None:
    assert json.loads((ROOT / "docs" / "manifest.schema.json").read_text(encoding="utf-8")) == manifest_schema()


def test_every_command_in_the_readme_exists_and_every_command_is_in_it() -> None:
    named = set(re.findall(r"^vnest (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)) | {"demo"}
    assert named == set(app.commands)


def test_every_file_that_the_documents_link_to_exists() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_table_of_a_site_is_in_the_documents(tmp_path: Path) -> None:
    written, _ = copy_settings(tmp_path / "site")
    formats = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert [name for name in written if f"`{name}`" not in formats] == []


def test_lock_files_name_no_index_and_no_path() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"https?://|file:|--index-url|--find-links", text)
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in pin for pin in pins)
