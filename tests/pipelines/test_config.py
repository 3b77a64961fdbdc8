"""What a good pipelines file means: steps, inheritance, matrices, settings of the command line, marks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurocli import si
from neurocli.errors import ConfigError
from neurocli.pipelines.config import SHIPPED, load
from neurocli.pipelines.gather import describe
from neurocli.pipelines.settings import Input

ROOT = Path(__file__).resolve().parents[2]
BASE = """\
version: 1
defaults: {seed: 7, evaluate: {metrics: [accuracy]}}
pipelines:
  base:
    title: The base
    citation: Someone (2020)
    input: {datatype: eeg, task: rest}
    target: {entity: task, positive: rest}
    preprocess:
      - filter: {l_freq: 1 Hz, h_freq: 45 Hz}
      - notch: 50 Hz
      - filter: {h_freq: 0.04 kHz}
      - epoch: 4 s
    featurize: [band_power: {bands: {alpha: [8 Hz, 13 Hz]}}]
    train:
      split: {leave_out: subject}
      model: [standardize, {logistic_regression: {C: 0.01}}]
    export: [report]
"""


def extended(body):
    return BASE + "  child:\n    extends: base\n" + "".join(f"    {line}\n" for line in body.splitlines())


def test_steps_are_checked_settings_in_si_units(loads):
    first, notch, last, epoch = loads(BASE).pipelines["base"].preprocess
    assert (first.settings.l_freq, first.settings.h_freq) == (1.0, 45.0)
    assert notch.settings.freqs == [50.0]
    assert last.settings.h_freq == 40.0
    assert epoch.settings.duration == 4.0


def test_a_repeated_step_is_numbered_in_its_address_and_a_single_one_is_not(loads):
    pipeline = loads(BASE).pipelines["base"]
    assert [use.address for use in pipeline.uses] == [
        "preprocess.filter[0]",
        "preprocess.notch",
        "preprocess.filter[1]",
        "preprocess.epoch",
        "featurize.band_power",
        "train.model.standardize",
        "train.model.logistic_regression",
        "export.report",
    ]


def test_a_recipe_holds_everything_that_changes_the_result(loads):
    assert loads(BASE).pipelines["base"].preprocess[0].recipe() == {
        "name": "filter",
        "version": 3,
        "settings": {"l_freq": 1.0, "h_freq": 45.0, "method": "fir", "order": 4},
        "libraries": ["mne"],
        "seeded": False,
    }


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("preprocess.filter.l_freq", "pipelines.yaml:10:26"),
        ("preprocess.filter[1].h_freq", "pipelines.yaml:12:26"),
        ("preprocess.filter[1]", "pipelines.yaml:12:9"),
        ("preprocess.filter.order", "pipelines.yaml:10:9"),  # a default: the step's own place
        ("preprocess.notch.freqs", "pipelines.yaml:11:16"),
        ("featurize.band_power.bands.alpha", "pipelines.yaml:14:38"),
        ("train.model.logistic_regression.C", "pipelines.yaml:17:54"),
        ("seed", "pipelines.yaml:2:18"),
        ("evaluate.metrics", "pipelines.yaml:2:32"),
    ],
)
def test_every_address_has_its_line_and_column(loads, address, place):
    assert loads(BASE).pipelines["base"].mark(address) == place


def test_defaults_stand_below_every_pipeline(loads):
    pipeline = loads(BASE).pipelines["base"]
    assert pipeline.seed == 7
    assert pipeline.evaluate.metrics == ("accuracy",)
    assert pipeline.train.null.permutations == 200
    assert pipeline.train.balance == "none"


def test_extends_merges_mappings_and_replaces_a_listed_stage_whole(loads):
    child = loads(extended("input: {task: [a, b]}\npreprocess: [epoch: 2 s]\ntrain: {balance: weights}")).pipelines[
        "child"
    ]
    assert (child.input.datatype, child.input.task) == ("eeg", ("a", "b"))
    assert [use.name for use in child.preprocess] == ["epoch"]
    assert (child.train.split.leave_out, child.train.balance) == ("subject", "weights")
    assert [use.name for use in child.train.model] == ["standardize", "logistic_regression"]


def test_what_is_kept_is_inherited_and_overridden_and_enters_no_key(loads):
    base, child = loads(BASE).pipelines["base"], loads(extended("keep: none")).pipelines["child"]
    assert (base.keep, child.keep) == ("final", "none")
    assert describe(base) == {**describe(child), "name": "base", "title": describe(base)["title"]}


def test_a_title_is_the_pipelines_own(loads):
    child = loads(extended("seed: 1")).pipelines["child"]
    assert (child.title, child.citation) == ("child", "Someone (2020)")


def test_what_is_inherited_is_marked_where_it_was_written(loads):
    child = loads(extended("train: {balance: weights}")).pipelines["child"]
    assert child.mark("preprocess.filter.l_freq") == "pipelines.yaml:10:26"
    assert child.mark("train.balance") == "pipelines.yaml:21:22"


def test_null_takes_away_an_inherited_stage(loads):
    assert loads(extended("featurize: null")).pipelines["child"].featurize == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("target: {events: trial_type}", ("events", "trial_type", None)),
        ("target: {positive: b}", ("entity", "task", "b")),
    ],
)
def test_another_kind_of_target_replaces_the_inherited_one(loads, body, expected):
    target = loads(extended(body)).pipelines["child"].target
    assert (target.source, target.column, target.positive) == expected


def test_another_kind_of_split_replaces_the_inherited_one(loads):
    split = loads(extended("train: {split: {k_fold: 5, by: subject}}")).pipelines["child"].train.split
    assert (split.leave_out, split.k_fold, split.by) == (None, 5, "subject")


def test_a_parent_may_stand_below_its_child(loads):
    text = BASE.replace("pipelines:\n", "pipelines:\n  first: {extends: base, seed: 3}\n")
    assert loads(text).pipelines["first"].target.positive == "rest"


MATRIX = "matrix: {train.model.logistic_regression.C: [0.1, 1], 'preprocess.filter[1].h_freq': [30 Hz, 40 Hz]}"


def test_a_matrix_makes_a_pipeline_of_every_combination(loads):
    config = loads(extended(MATRIX))
    names = [f"child[C={c},h_freq={h}]" for c in ("0.1", "1") for h in ("30Hz", "40Hz")]
    assert list(config.pipelines) == ["base", *names]
    pipelines = config.named("child")
    assert [p.name for p in pipelines] == names
    assert [p.train.model[1].settings.C for p in pipelines] == [0.1, 0.1, 1.0, 1.0]
    assert [p.preprocess[2].settings.h_freq for p in pipelines] == [30.0, 40.0, 30.0, 40.0]
    assert [p.preprocess[0].settings.h_freq for p in pipelines] == [45.0] * 4
    assert pipelines[1].mark("preprocess.filter[1].h_freq") == "pipelines.yaml:21:98"


def test_a_matrix_may_choose_between_longer_values(loads):
    bands = "featurize.band_power.bands: [{alpha: [8 Hz, 13 Hz]}, {beta: [13 Hz, 30 Hz]}]"
    pipelines = loads(extended(f"matrix: {{{bands}}}")).named("child")
    assert [p.name for p in pipelines] == ["child[bands=#1]", "child[bands=#2]"]
    assert [list(p.featurize[0].settings.bands) for p in pipelines] == [["alpha"], ["beta"]]


def test_names_in_a_matrix_are_as_long_as_they_must_be(loads):
    matrix = "matrix: {'preprocess.filter[0].h_freq': [40 Hz], 'preprocess.filter[1].h_freq': [30 Hz], seed: [1]}"
    (pipeline,) = loads(extended(matrix)).named("child")
    assert pipeline.name == "child[filter[0].h_freq=40Hz,filter[1].h_freq=30Hz,seed=1]"
    assert pipeline.seed == 1


def test_a_setting_of_the_command_line_goes_over_everything(loads):
    config = loads(
        BASE,
        "preprocess.filter[0].l_freq=2 Hz",
        "preprocess.notch.freqs=[50 Hz, 100 Hz]",
        "train.model.standardize={}",
        "train.null=0",
        "seed=3",
        "featurize.band_power.psd.method=multitaper",
        "input.subject=[010, 02]",
        "export=[]",
    )
    pipeline = config.pipelines["base"]
    assert pipeline.preprocess[0].settings.l_freq == 2.0
    assert pipeline.preprocess[0].settings.h_freq == 45.0
    assert pipeline.preprocess[1].settings.freqs == [50.0, 100.0]
    assert pipeline.train.null.permutations == 0
    assert pipeline.seed == 3
    assert pipeline.featurize[0].settings.psd.method == "multitaper"
    assert pipeline.input.subject == ("010", "02")
    assert pipeline.export == ()
    assert pipeline.mark("preprocess.filter.l_freq") == "--set preprocess.filter[0].l_freq=2 Hz"


def test_a_setting_of_the_matrix_cannot_be_set(loads):
    config = loads(extended(MATRIX), "train.model.logistic_regression.C=3")
    with pytest.raises(ConfigError, match=r"is in the matrix of this pipeline"):
        config.named("child")


def test_a_subject_is_a_label_wherever_it_stands(loads):
    body = "input: {subject: [010, 1e3, x], run: 01}\ntrain: {split: {fixed: {test: {subject: 010}}}}"
    child = loads(extended(body)).pipelines["child"]
    assert child.input.filters()["subject"] == ("010", "1e3", "x")
    assert child.input.run == ("01",)
    assert child.train.split.fixed.test == {"subject": "010"}


def test_a_number_where_text_is_wanted_is_the_text_that_was_written(loads):
    text = BASE.replace("epoch: 4 s", "epoch: {duration: 4 s, only: [010, 1e3, word]}")
    assert loads(text).pipelines["base"].preprocess[3].settings.only == ["010", "1e3", "word"]


def test_a_deep_model_has_no_null_unless_it_is_asked_for(loads):
    model = "train: {model: [network]"
    assert loads(extended(model + "}")).pipelines["child"].train.null.permutations == 0
    assert loads(extended(model + ", null: 10}")).pipelines["child"].train.null.permutations == 10


def test_a_search_names_settings_of_members(loads):
    body = "train: {search: {over: {logistic_regression.C: [0.1, 1]}}}"
    assert loads(extended(body)).pipelines["child"].train.search.over == {"logistic_regression.C": (0.1, 1)}


def test_keys_that_begin_with_x_are_a_place_for_anchors(loads):
    text = BASE.replace("defaults:", "x-band: &band {l_freq: 1 Hz, h_freq: 45 Hz}\ndefaults:")
    text = text.replace("{l_freq: 1 Hz, h_freq: 45 Hz}\n      - notch", "*band\n      - notch")
    assert loads(text).pipelines["base"].preprocess[0].settings.h_freq == 45.0


def test_an_alias_is_marked_where_its_anchor_stands(loads):
    text = BASE.replace("defaults:", "x-band: &band {l_freq: 1 V}\ndefaults:").replace(
        "{l_freq: 1 Hz, h_freq: 45 Hz}\n      - notch", "*band\n      - notch"
    )
    with pytest.raises(ConfigError, match=r"pipelines\.yaml:2:24: preprocess\.filter\[0\]\.l_freq: '1 V' is a voltage"):
        loads(text).named("base")


def test_the_file_of_the_current_folder_comes_before_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load().path == SHIPPED
    (tmp_path / "pipelines.yaml").write_text("version: 1\npipelines: {}\n")
    assert len(load().pipelines) == 0


def test_a_file_is_called_by_its_place_below_the_current_folder(loads, tmp_path):
    loads("version: 1\npipelines: {}")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "p.yaml").write_text("version: 2")
    with pytest.raises(ConfigError, match=r"E-CONFIG-VERSION conf/p\.yaml:1:10"):
        load(tmp_path / "conf" / "p.yaml")


def test_a_bad_pattern_is_refused_at_its_place(loads):
    with pytest.raises(ConfigError, match=r"pipelines\.yaml:21:19: input\.task: '/\(/' is no regular expression"):
        loads(extended("input: {task: /(/}")).named("child")


def test_only_what_is_restricted_is_a_filter():
    assert Input(datatype="eeg", task=["a", "/b.*/"], space="x", desc="y").filters() == {"task": ("a", "/b.*/")}


@given(st.floats(min_value=1e-12, max_value=1e12), st.sampled_from(sorted(si.UNITS)))
def test_a_quantity_is_the_correctly_rounded_number_in_si_units(number, unit):
    """Oracle: the exact product, in rational numbers."""
    from fractions import Fraction

    dimension, factor = si.UNITS[unit]
    if dimension not in si.SI:
        return
    exact = Fraction(number) * (Fraction(factor) if factor >= 1 else Fraction(1, round(1 / factor)))
    assert si.parse(f"{number!r} {unit}", dimension) == float(exact)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(si.SI)))
def test_a_number_in_the_si_unit_comes_back_as_it_is(number, dimension):
    assert si.parse(f"{number!r} {si.SI[dimension]}", dimension) == si.parse(number, dimension) == number


def test_loading_the_shipped_file_imports_nothing_heavy():
    heavy = {
        "numpy",
        "scipy",
        "sklearn",
        "mne",
        "torch",
        "pandas",
        "pyarrow",
        "nibabel",
        "nipype",
        "matplotlib",
        "numba",
    }
    code = (
        "import sys; from neurocli.pipelines.config import load, SHIPPED; assert not load(SHIPPED).problems();"
        "print(' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not heavy & set(run.stdout.split())


def test_the_shipped_file_at_the_root_is_the_one_in_the_package():
    assert (ROOT / "pipelines.yaml").read_bytes() == SHIPPED.read_bytes(), "cp neurocli/pipelines.yaml pipelines.yaml"


def test_the_shipped_pipelines_are_right():
    config = load(SHIPPED)
    assert config.problems() == []
    assert set(config.pipelines) >= {"demo", "eegmat", "eegmat-centered", "eegmat-riemann", "ssvep", "haxby"}
    trained = [pipeline for pipeline in config.pipelines.values() if pipeline.train]
    assert len(trained) >= 6
    classical = [p for p in trained if not any(hasattr(use.settings, "network") for use in p.train.model)]
    assert all(pipeline.train.null.permutations for pipeline in classical)  # of a network each refit is a training


@pytest.mark.parametrize(
    ("pipeline", "setting", "sentence"),
    [
        ("eegmat", "featurize=[covariance]", "standardize needs columns, and featurize.covariance gives arrays"),
        (
            "ssvep",
            "featurize=[hjorth_mobility]",
            "tangent_space needs covariances, and featurize.hjorth_mobility gives",
        ),
        ("ssvep", "train.model=[mdm, lda]", "'mdm' predicts, so nothing may follow it in a model"),
        ("eegmat", "target={participants: age, as: number}", "predicts a label, and the target is a number"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(pipeline, setting, sentence):
    with pytest.raises(ConfigError, match=rf"E-CONFIG-MODEL .*{sentence}"):
        load(SHIPPED, [setting]).named(pipeline)


def test_lines_may_end_as_on_windows(loads):
    crlf = loads(BASE.replace("\n", "\r\n")).pipelines["base"]
    assert crlf == loads(BASE).pipelines["base"]
    assert crlf.mark("preprocess.filter[1].h_freq") == "pipelines.yaml:12:26"


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_a_setting_is_a_finite_number(loads, value):
    with pytest.raises(ConfigError, match=r"train\.model\.logistic_regression\.C: expected a finite number, got"):
        loads(BASE, f"train.model.logistic_regression.C={value}").named("base")


def test_an_input_of_nothing_is_no_input(loads):
    with pytest.raises(ConfigError, match=r"E-CONFIG-MISSING .* The pipeline 'base' needs an input"):
        loads(BASE, "input=").named("base")


def test_a_stage_set_as_a_whole_is_checked_as_if_it_stood_in_the_file(loads):
    pipeline = loads(BASE, "preprocess=[notch: 60 Hz, epoch: 2 s]").pipelines["base"]
    assert [(use.name, use.settings.model_dump(exclude_unset=True)) for use in pipeline.preprocess] == [
        ("notch", {"freqs": [60.0]}),
        ("epoch", {"duration": 2.0}),
    ]
    with pytest.raises(ConfigError, match=r"E-CONFIG-STAGE --set preprocess=3: preprocess: expected a list of steps"):
        loads(BASE, "preprocess=3").named("base")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match=r"E-CONFIG-FILE .*cannot be read: Is a directory"):
        load(tmp_path)
