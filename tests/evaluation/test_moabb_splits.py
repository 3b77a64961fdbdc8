"""moabb's three evaluations: its own tests of unshuffled splits, pointed at ours.

moabb at 1d8a6382, moabb/tests/test_splits.py: cross-subject is scikit-learn's LeaveOneGroupOut over subjects,
cross-session the same over the sessions of a subject, within-session a StratifiedKFold of 5 of each session.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold, LeaveOneGroupOut, StratifiedKFold

from neurocli.evaluation.split import Split

N_SUBJECTS, N_SESSIONS, N_TRIALS = 3, 3, 20


@pytest.fixture
def cohort():
    """Return entities of the recordings and the sample table: as many sessions, trials and classes a subject."""
    recordings = [
        {"subject": f"{i:02d}", "session": str(j)} for i in range(1, N_SUBJECTS + 1) for j in range(1, N_SESSIONS + 1)
    ]
    samples = {name: [r[name] for r in recordings for _ in range(N_TRIALS)] for name in ("subject", "session")}
    n = len(recordings)
    samples |= {"onset": [4.0 * k for k in range(N_TRIALS)] * n, "duration": [3.0] * (n * N_TRIALS)}
    return recordings, samples


def ours(split, recordings, samples):
    return sorted(tuple(map(tuple, fold.masks(samples))) for fold in Split(**split).folds(recordings))


def as_sets(pairs):
    return sorted((tuple(map(int, train)), tuple(map(int, test))) for train, test in pairs)


def test_cross_subject_is_moabbs(cohort):
    recordings, samples = cohort
    index = np.arange(len(samples["subject"]))
    expected = LeaveOneGroupOut().split(index, groups=samples["subject"])
    assert ours({"leave_out": "subject"}, recordings, samples) == as_sets(expected)


def test_cross_session_is_moabbs(cohort):
    recordings, samples = cohort
    subject, session = np.array(samples["subject"]), np.array(samples["session"])
    expected = []
    for one in np.unique(subject):
        own = np.flatnonzero(subject == one)
        expected += [(own[a], own[b]) for a, b in LeaveOneGroupOut().split(own, groups=session[own])]
    assert ours({"leave_out": "session", "within": "subject"}, recordings, samples) == as_sets(expected)


def test_within_session_is_moabbs_where_classes_alternate(cohort):
    """Parts in time; unshuffled and stratified is the same where classes alternate. Ours are never shuffled."""
    recordings, samples = cohort
    subject, session = np.array(samples["subject"]), np.array(samples["session"])
    y = np.arange(len(subject)) % 2
    found = ours({"within": "session", "k_fold": 5, "gap": 0}, recordings, samples)
    for splitter in (StratifiedKFold(5), KFold(5)):
        expected = []
        for one, two in {(a, b) for a, b in zip(subject, session, strict=True)}:
            own = np.flatnonzero((subject == one) & (session == two))
            expected += [(own[a], own[b]) for a, b in splitter.split(own, y[own])]
        assert found == as_sets(expected)
    assert len(found) == 5 * N_SUBJECTS * N_SESSIONS
