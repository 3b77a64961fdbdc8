"""Every error code has a page, and every page a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "neurocli"
PAGES = {page.stem: page for page in (ROOT / "explanations").glob("*.md")}
CODE = re.compile(r"""["'](E-[A-Z][A-Z0-9-]*)["']""")
CODES = {code for path in ROOT.glob("**/*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_page(code):
    assert code in PAGES, f"write neurocli/explanations/{code}.md"


def test_every_page_has_a_code_that_is_raised():
    assert not set(PAGES) - CODES


@pytest.mark.parametrize("code", sorted(PAGES))
def test_a_page_has_a_title_and_says_what_to_do(code):
    text = PAGES[code].read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.split("\n\n")) >= 3, "a title, what it means, what to do"
