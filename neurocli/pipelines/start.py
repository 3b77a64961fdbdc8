"""What `neurocli init` writes: pipelines to start from, their schema for the editor, and rules for make."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import StoreError
from .schema import schema

PIPELINES = """\
# yaml-language-server: $schema=neurocli.schema.json
# Five verbs are five keys: preprocess, featurize, train, evaluate, export. A stage may be absent.
#   neurocli validate              is this file right, and if not, in which line
#   neurocli steps                 what can be written here, with settings, units and defaults
#   neurocli plan mine --bids-dir DIR -o OUT     what would run, and what it would cost
#   neurocli run mine --bids-dir DIR -o OUT      run it; again after a change: only what depends on it runs
version: 1
defaults: {seed: 42}

pipelines:
  mine:
    title: Two tasks told apart, from band power
    # Which recordings: any BIDS entity with a label, a list of labels, or a /regular expression/.
    input: {datatype: eeg, task: [rest, arithmetic]}
    # What is predicted: {entity: task}, {events: trial_type}, or {participants: age, as: number}.
    target: {entity: task, positive: arithmetic}
    preprocess:  # a chain: each step takes what the one above gave
      - pick: {types: [eeg]}
      - filter: {l_freq: 1 Hz, h_freq: 45 Hz}  # quantities carry their unit
      - resample: {sfreq: 200 Hz}
      - epoch: {duration: 4 s}  # or {events: trial_type, tmin: -0.2 s, tmax: 0.8 s}
    featurize:  # independent features of the same epochs; their columns are joined
      - band_power: {log: true, bands: {theta: [4 Hz, 8 Hz], alpha: [8 Hz, 13 Hz], beta: [13 Hz, 30 Hz]}}
    train:
      # To whom the score shall speak: subject, session, run, site; or {k_fold: 5, by: subject}.
      split: {leave_out: subject}
      model: [standardize, {logistic_regression: {C: 0.01}}]  # a chain, all of it fitted inside the fold
      balance: weights  # or subsample, none
      null: {permutations: 200}
    evaluate: {metrics: [balanced_accuracy, roc_auc]}
    export: [bids, model, report]

  mine-riemann:  # takes over everything from mine but what stands here; a listed stage is replaced whole
    title: Two tasks told apart, from covariances
    extends: mine
    featurize: [covariance]
    train: {model: [tangent_space, {logistic_regression: {C: 1.0}}]}

  # mine-tuned:  # a pipeline for every combination; `neurocli run mine-tuned` runs them all
  #   extends: mine
  #   matrix: {train.model.logistic_regression.C: [0.01, 0.1, 1]}
"""

RULES = """\
# neurocli, for make: `make results PIPELINE=mine BIDS_DIR=/data/study`
PIPELINE ?= mine
BIDS_DIR ?= data
OUT ?= results/$(PIPELINE)

.PHONY: results plan stale validate
results: validate  ## run what is not done yet
\tneurocli run $(PIPELINE) --bids-dir $(BIDS_DIR) --out $(OUT)
plan:  ## what would run, and why
\tneurocli plan $(PIPELINE) --bids-dir $(BIDS_DIR) --out $(OUT)
stale:  ## fails (exit 10) when something is out of date
\tneurocli plan $(PIPELINE) --bids-dir $(BIDS_DIR) --out $(OUT) --check
validate:
\tneurocli validate
"""


def start(folder: Path) -> list[tuple[Path, bool]]:
    """Write the files that are not there yet; what is there is left alone.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.

    Returns
    -------
    files : list of (Path, bool)
        Each file, and whether it was written now.

    Raises
    ------
    StoreError
        If the folder cannot be written (``E-STORE-PERMISSION``).
    """
    rules = "neurocli.mk" if _has_own_rules(folder / "Makefile") else "Makefile"
    contents = {
        "pipelines.yaml": PIPELINES,
        "neurocli.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
        rules: RULES,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [(folder / name, _written(folder / name, text)) for name, text in contents.items()]
    except OSError as error:
        said = f"The folder cannot be written: {error.strerror}."
        raise StoreError(said, code="E-STORE-PERMISSION", where=str(folder)) from error


def _has_own_rules(makefile: Path) -> bool:
    return makefile.exists() and makefile.read_text(encoding="utf-8", errors="replace") != RULES


def _written(path: Path, text: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:  # x: never over what is there
            file.write(text)
    except FileExistsError:
        return False
    return True
