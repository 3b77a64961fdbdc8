"""What the pages tell people to write works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from neurocli.commands import build
from neurocli.pipelines import config

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("howto/*.md")),
    *sorted((ROOT / "docs").glob("tutorial/*.md")),
]


def blocks(language: str) -> list:
    """Return every fenced block of a language, with the page and its number as its name."""
    found = [
        (page, i, text)
        for page in PAGES
        for i, text in enumerate(re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    ]
    return [pytest.param(text, id=f"{page.stem}-{i}") for page, i, text in found]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_yaml_block_is_a_valid_pipelines_file(text, tmp_path):
    path = tmp_path / "pipelines.yaml"
    path.write_text(text)
    assert list(config.load(path).problems()) == []


@pytest.mark.parametrize("text", blocks("python"))
def test_a_python_block_runs(text, tmp_path):
    path = tmp_path / "block.py"
    path.write_text(
        text + "\nif 'mean_absolute' in globals():\n    assert mean_absolute(np.array([-1.0, 3.0])) == 2.0\n"
    )
    subprocess.run([sys.executable, path], check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, timeout=60)


@pytest.mark.parametrize("text", blocks("console"))
def test_a_console_block_names_commands_that_exist(text):
    used = re.findall(r"^\$ neurocli (\S+)", text, re.MULTILINE)
    assert set(used) <= set(typer.main.get_command(build()).commands)
