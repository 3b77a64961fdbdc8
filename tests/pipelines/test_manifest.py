"""A manifest is frozen: what stands in it never changes, and workers find what is added."""

from __future__ import annotations

import pytest

from neurocli.errors import StoreError
from neurocli.pipelines.manifest import Context, Manifest, append
from neurocli.pipelines.units import Task, make_unit


def context(run: str) -> Context:
    return Context(
        run=run, pipeline="p", dataset="/data", out="/out", store="/store",
        participants=(("01", {"age": "20"}),), missing=(("sub-02", "truncated"),), asked=("sub-01", "sub-02"),
    )  # fmt: skip


def task(name: str) -> Task:
    return Task(name, (make_unit(f"preprocess/{name}", {"stage": "preprocess", "unit": name}, (), final=True),))


def test_a_task_comes_back_with_the_context_of_its_section(tmp_path):
    path = tmp_path / "tasks.jsonl"
    first = append(path, context("one"), [task("a"), task("b")])
    manifest = Manifest(path)
    assert manifest.task(first + 1) == (context("one"), task("b"))
    second = append(path, context("two"), [task("c")])
    assert manifest.task(second) == (context("two"), task("c"))  # a worker that lives on finds the new section
    assert manifest.task(first) == (context("one"), task("a"))


@pytest.mark.parametrize("index", [0, 7])
def test_what_is_no_task_is_refused(tmp_path, index):
    append(tmp_path / "tasks.jsonl", context("one"), [task("a")])
    with pytest.raises(StoreError, match="E-STORE-MANIFEST"):
        Manifest(tmp_path / "tasks.jsonl").task(index)


def test_a_manifest_of_another_release_is_refused(tmp_path):
    path = tmp_path / "tasks.jsonl"
    append(path, context("one"), [task("a")])
    path.write_text(path.read_text().replace('"version":1', '"version":2', 1))
    with pytest.raises(StoreError, match="another release"):
        Manifest(path).task(1)


def test_a_manifest_that_is_gone_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(StoreError, match="Submit the run again"):
        Manifest(tmp_path / "tasks.jsonl").task(1)
