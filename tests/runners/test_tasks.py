"""What may start now, as laws over random graphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli.runners.tasks import PATIENCE, Outcome, Schedule, Task


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 15))
    tasks = []
    for i in range(n):
        before = st.lists(st.integers(0, i - 1), max_size=3, unique=True) if i else st.just([])
        on, after, memory = draw(before), draw(before), draw(st.integers(0, 12))
        tasks.append(Task(i, str(i), tuple(on), tuple(after), memory_bytes=memory, gpu=draw(st.booleans())))
    return draw(st.permutations(tasks))


@given(graph=graphs(), n_workers=st.integers(1, 4), failing=st.sets(st.integers(0, 14)), data=st.data())
def test_every_task_ends_in_order_and_within_the_limits(graph, n_workers, failing, data):
    schedule, tasks = Schedule(graph, n_workers, 10, ["cuda:0", "cuda:1"]), {task.index: task for task in graph}
    while schedule.waiting or schedule.running:
        while found := schedule.start():
            task, device = found
            assert (device is not None) == task.gpu
            for other in task.depends_on:
                assert schedule.outcomes[other].status == "done"
            assert all(other in schedule.outcomes for other in task.after)
        running = list(schedule.running.values())
        assert 0 < len(running) <= n_workers
        assert len(running) == 1 or sum(task.memory_bytes for task in running) <= 10
        assert sum(task.gpu for task in running) <= 2
        ended = data.draw(st.sampled_from(sorted(schedule.running)))
        schedule.finish(Outcome(tasks[ended], "failed" if ended in failing else "done"))
    for index, outcome in schedule.outcomes.items():
        broken = [other for other in tasks[index].depends_on if schedule.outcomes[other].status != "done"]
        assert (outcome.status == "blocked") == bool(broken)
    assert set(schedule.outcomes) == set(tasks)


def test_a_blocked_task_names_its_cause_and_keeps_its_exit_status():
    tasks = [Task(0, "a"), Task(1, "b", depends_on=(0,)), Task(2, "c", depends_on=(1,)), Task(3, "d", after=(1,))]
    schedule = Schedule(tasks, 2)
    schedule.start()
    ended = schedule.finish(Outcome(tasks[0], "failed", error={"exit": 8}))
    assert [(outcome.task.id, outcome.status) for outcome in ended] == [
        ("a", "failed"),
        ("b", "blocked"),
        ("c", "blocked"),
    ]
    assert ended[1].error["message"] == "It needs a, which failed."
    assert ended[2].error["message"] == "It needs b, which did not run."
    assert ended[2].error["exit"] == 8
    assert schedule.start()[0].id == "d"


def test_a_task_too_big_to_fit_beside_others_is_not_overtaken_for_ever():
    small = [Task(i, f"small-{i}", memory_bytes=1) for i in range(1, 100)]
    schedule = Schedule([Task(100, "first", memory_bytes=6), Task(0, "big", memory_bytes=9), *small], 2, 10)
    started = []
    while schedule.waiting or schedule.running:
        while found := schedule.start():
            started.append(found[0].id)
        schedule.finish(Outcome(next(iter(schedule.running.values())), "done"))
    assert started.index("big") <= PATIENCE + 2


def test_a_task_bigger_than_the_machine_runs_alone():
    schedule = Schedule([Task(0, "a", memory_bytes=99), Task(1, "b")], 2, 10)
    assert schedule.start()[0].id == "a"
    schedule2 = Schedule([Task(1, "b", memory_bytes=1), Task(0, "a", memory_bytes=99)], 2, 10)
    assert schedule2.start()[0].id == "b"
    assert schedule2.start() is None


def test_a_task_tried_again_has_the_machine_to_itself():
    tasks = [Task(0, "a"), Task(1, "b"), Task(2, "c")]
    schedule = Schedule(tasks, 2)
    schedule.start()
    schedule.start()
    schedule.again(tasks[0], alone=True)
    assert schedule.start() is None
    schedule.finish(Outcome(tasks[1], "done"))
    assert schedule.start()[0].id == "a"
    assert schedule.start() is None
    schedule.finish(Outcome(tasks[0], "done"))
    assert schedule.start()[0].id == "c"


def test_circles_and_strangers_are_refused():
    with pytest.raises(ValueError, match="wait for each other: a, b"):
        Schedule([Task(0, "a", (1,)), Task(1, "b", (0,)), Task(2, "c")], 1)
    with pytest.raises(ValueError, match=r"'a' waits for \[7\], which are no tasks"):
        Schedule([Task(0, "a", (7,))], 1)
    with pytest.raises(ValueError, match="need a GPU"):
        Schedule([Task(0, "a", gpu=True)], 1)
