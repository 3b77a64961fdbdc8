"""The reference pages are written from the code and have not fallen behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.build import HERE, pages
from neurocli.errors import Exit

ROOT = Path(__file__).resolve().parents[1]
PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_what_the_code_says(name):
    assert (HERE / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_every_exit_status_is_documented():
    assert all(f"| {int(status)} |" in PAGES["errors.md"] for status in Exit)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
