"""Versions of what no definition stands for; they enter the keys beside the versions of steps, features and members.

Bump one when other numbers come out: everything that depends on it is then computed anew. `tests/versions` notices.
"""

from __future__ import annotations

ENGINE = 1  # features: chunks, what is done with NaN and extreme sizes, names of columns
FITTING = 1  # samples, targets, folds, seeds, the null, the drift control
JUDGING = 2  # metrics, intervals, p values; 2: parts of the Brier score without bins
