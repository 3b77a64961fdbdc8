"""The store, killed, crowded, filled up and write-protected: what it gives out is whole, always."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from neurocli.errors import StoreError
from neurocli.store import Store, care
from neurocli.store.ledger import Ledger, read

from .conftest import all_end_well, forked, key, killed

N_UNITS = 60


def content(n: int) -> np.ndarray:
    return np.arange(200 + 50 * n, dtype=float) * n


def write(store: Store, n: int) -> None:
    store.write(key(n), {"x": content(n)}, {"n": n}, {"stage": "preprocess", "n": n})


def check_everything(store: Store) -> int:
    """Verify every entry that the store would give out; return how many there are."""
    n_whole = 0
    for n in range(N_UNITS):
        if store.has(key(n)):
            store.verify(key(n))
            np.testing.assert_array_equal(store.read(key(n))[0]["x"], content(n))
            n_whole += 1
    assert n_whole == len(list(care.keys(store))), "a folder under its final name is whole"
    return n_whole


@pytest.mark.slow
def test_writers_killed_at_200_moments_leave_whole_entries_only(tmp_path, dice):
    root = tmp_path / "store"

    def work():
        store = Store(root)
        for n in dice.sample(range(N_UNITS), N_UNITS):
            with store.claim(key(n)):
                if not store.has(key(n)):
                    write(store, n)

    killed_at = Counter()
    for moment in range(200):
        if moment % 20 == 19:
            Store(root).remove(key(dice.randrange(N_UNITS)))
        killed(work, dice.uniform(0.0, 0.02))
        killed_at[check_everything(Store(root))] += 1
    assert len(killed_at) > 3, "the kills came at different moments"
    work()
    assert check_everything(Store(root)) == N_UNITS


@pytest.mark.slow
def test_entries_do_not_depend_on_what_was_killed(tmp_path, dice):
    quiet, disturbed = Store(tmp_path / "quiet"), Store(tmp_path / "disturbed")
    for n in range(N_UNITS):
        write(quiet, n)
        for _ in range(3):
            killed(lambda n=n: write(disturbed, n), dice.uniform(0.0, 0.004))
        write(disturbed, n)
    for n in range(N_UNITS):
        name = "payload.safetensors"
        assert (quiet.find(key(n)) / name).read_bytes() == (disturbed.find(key(n)) / name).read_bytes()


def crowd(root: Path, log: Path, n_processes: int) -> list[Counter[str]]:
    """Have several processes make the same units; return what each of them counted."""

    def work(number: int) -> None:
        store = Store(root)
        for n in range(N_UNITS):
            with store.claim(key(n)):
                if store.has(key(n)):
                    continue
                with log.open("a") as file:
                    file.write(f"{n}\n")
                write(store, n)
        (root.parent / f"counts-{number}").write_text(f"{store.counts['duplicates']} {store.counts['unclaimed']}")

    assert all_end_well([forked(lambda number=number: work(number)) for number in range(n_processes)])
    found = [(root.parent / f"counts-{number}").read_text().split() for number in range(n_processes)]
    return [Counter(duplicates=int(duplicates), unclaimed=int(unclaimed)) for duplicates, unclaimed in found]


@pytest.mark.parametrize("n_processes", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_with_locks_no_unit_is_computed_twice(tmp_path, n_processes):
    counts = crowd(tmp_path / "store", tmp_path / "log", n_processes)
    computed = Counter((tmp_path / "log").read_text().split())
    assert len(computed) == N_UNITS
    assert set(computed.values()) == {1}
    assert sum(counts, Counter()) == Counter()
    assert check_everything(Store(tmp_path / "store")) == N_UNITS
    assert not list((tmp_path / "store" / "locks").iterdir())


@pytest.mark.parametrize("n_processes", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_without_locks_duplicates_are_counted_and_harmless(tmp_path, n_processes, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    counts = sum(crowd(tmp_path / "store", tmp_path / "log", n_processes), Counter())
    computed = Counter((tmp_path / "log").read_text().split())
    assert len(computed) == N_UNITS
    assert counts["duplicates"] == sum(computed.values()) - N_UNITS
    assert counts["unclaimed"] == N_UNITS * n_processes
    assert check_everything(Store(tmp_path / "store")) == N_UNITS


@pytest.mark.slow
def test_claims_of_the_killed_are_free_again(tmp_path, dice):
    root = tmp_path / "store"

    def work():
        while True:
            with Store(root).claim(key(dice.randrange(3))):
                pass

    for _ in range(100):
        others = [forked(work) for _ in range(2)]
        killed(work, dice.uniform(0.0, 0.01))
        for pid in others:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        for n in range(3):
            with Store(root).claim(key(n), wait=False) as held:
                assert held


def read_or_missing(store: Store):
    try:
        return store.read(key(1))
    except StoreError as error:
        if error.code != "E-STORE-MISSING":
            raise
        return None


@pytest.mark.slow
def test_readers_never_see_a_half_while_entries_come_and_go(tmp_path):
    root = tmp_path / "store"
    write(Store(root), 1)

    def reading():
        store = Store(root)
        for _ in range(1000):
            if (found := read_or_missing(store)) is not None:
                np.testing.assert_array_equal(found[0]["x"], content(1))
                assert found[1] == {"n": 1}

    def changing():
        store = Store(root)
        for turn in range(200):
            if turn % 2:
                store.remove(key(1))
            store.write(key(1), {"x": content(1)}, {"n": 1}, {}, replace=True)

    assert all_end_well([forked(work) for work in (reading, reading, changing, changing)])


def fill(store: Store) -> None:
    for n in range(1000):
        store.write(key(n), {"x": np.zeros(20_000)}, {}, {})


def test_a_full_disk_keeps_what_was_finished_and_nothing_of_the_rest(small_disk):
    store = Store(small_disk / "store")
    with pytest.raises(StoreError) as caught:
        fill(store)
    assert caught.value.code == "E-STORE-FULL"
    assert caught.value.exit_status == 7
    assert not list(store.root.glob("tmp/*"))
    entries = list(care.keys(store))
    assert 5 < len(entries) < 1000
    for entry in entries:
        store.verify(entry)
    care.gc(store, older_than_s=-1)
    write(store, 1)
    assert store.has(key(1))


def add(ledger: Ledger, n_events: int) -> None:
    for _ in range(n_events):
        ledger.append({"event": "done", "unit": "x" * 3000})


def test_a_full_disk_ends_a_ledger_line_and_readers_skip_it(small_disk):
    ledger = Ledger(small_disk / "ledger")
    ledger.append({"event": "done", "unit": "first"})
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(3 << 20))
    with pytest.raises(StoreError) as caught:
        add(ledger, 10)
    assert caught.value.code == "E-STORE-FULL"
    (small_disk / "ballast").unlink()
    ledger.append({"event": "done", "unit": "last"})
    units = [event["unit"] for event in read(small_disk / "ledger")]
    assert units[0] == "first"
    assert units[-1] == "last"
    assert set(units) <= {"first", "last", "x" * 3000}


def test_a_read_only_store_is_read_and_says_what_to_do_when_written(small_disk, tmp_path):
    store = Store(small_disk / "store")
    write(store, 1)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = Store(small_disk / "store")
    np.testing.assert_array_equal(store.read(key(1))[0]["x"], content(1))
    for refused in (lambda: write(store, 2), lambda: store.claim(key(2)).__enter__(), lambda: store.remove(key(1))):
        with pytest.raises(StoreError, match="--store-from") as caught:
            refused()
        assert caught.value.code == "E-STORE-READONLY"
    mine = Store(tmp_path / "mine", upstream=[small_disk / "store"])
    write(mine, 2)
    assert mine.has(key(1))


def test_the_ledger_of_killed_writers_has_whole_events(tmp_path, dice):
    def work():
        ledger = Ledger(tmp_path)
        for n in range(10_000):
            ledger.append({"event": "done", "unit": f"{n}", "text": "x" * dice.randrange(200)})

    for _ in range(50):
        killed(work, dice.uniform(0.0, 0.02))
    lines = sum(len(path.read_bytes().splitlines()) for path in tmp_path.iterdir())
    assert len(read(tmp_path)) == lines > 1000
