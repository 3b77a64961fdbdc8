# ruff: noqa: E501 - a sentence is one line
"""Bad pipelines files: each gives one sentence with a code, the exact place, what was expected and what to do."""

from __future__ import annotations

import pytest

from neurocli.errors import ConfigError, Exit
from neurocli.pipelines.config import load

FILES = [
    (b"", "E-CONFIG-EMPTY pipelines.yaml: The file is empty. `neurocli init` writes one to start from."),
    (
        b"# only a comment\n",
        "E-CONFIG-EMPTY pipelines.yaml: The file is empty. `neurocli init` writes one to start from.",
    ),
    (b"\xff\xfea", "E-CONFIG-ENCODING pipelines.yaml:1:1: The byte 0xff is no UTF-8. Save the file as UTF-8."),
    (
        b"version: 1\npipelines:\n  a: \xe9",
        "E-CONFIG-ENCODING pipelines.yaml:3:6: The byte 0xe9 is no UTF-8. Save the file as UTF-8.",
    ),
    (
        "version: 1\n\tpipelines: {}",
        "E-CONFIG-YAML pipelines.yaml:2:1: A tab indents this line; YAML indents with spaces. Replace the tab by spaces.",
    ),
    (
        "version: [1",
        "E-CONFIG-YAML pipelines.yaml:2:1: This is no YAML: did not find expected ',' or ']' (while parsing a flow sequence).",
    ),
    (
        "version: 'x",
        "E-CONFIG-YAML pipelines.yaml:1:12: This is no YAML: found unexpected end of stream (while scanning a quoted scalar).",
    ),
    ("a: b: c", "E-CONFIG-YAML pipelines.yaml:1:5: This is no YAML: mapping values are not allowed in this context."),
    (
        "version: 1\nversion: 1\n",
        "E-CONFIG-DUPLICATE pipelines.yaml:2:1: The key 'version' is there twice; first at pipelines.yaml:1:1.",
    ),
    (
        "version: !!python/object:os.system 1",
        "E-CONFIG-TAG pipelines.yaml:1:10: The tag '!!python/object:os.system' is not allowed. Write the plain value.",
    ),
    ("version: !foo 1", "E-CONFIG-TAG pipelines.yaml:1:10: The tag '!foo' is not allowed. Write the plain value."),
    (
        "version: 1\n---\nversion: 1\n",
        "E-CONFIG-DOCUMENTS pipelines.yaml:2:1: A second document starts here; a file holds one.",
    ),
    ("version: *x", "E-CONFIG-ALIAS pipelines.yaml:1:10: Nothing was anchored as 'x' above."),
    ("a: &a [*a]", "E-CONFIG-ALIAS pipelines.yaml:1:8: 'a' contains itself."),
    (
        "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
        "E-CONFIG-ALIAS pipelines.yaml:5:14: The file has more than 50000 values, aliases included.",
    ),
    ("[" * 60, "E-CONFIG-YAML pipelines.yaml:1:52: This is nested more than 50 deep."),
    ("a: \x00", "E-CONFIG-YAML pipelines.yaml:1:4: This is no YAML: control characters are not allowed."),
    ("- 1\n", "E-CONFIG-VALUE pipelines.yaml:1:1: The file: expected a mapping, got a list."),
    ("just text", "E-CONFIG-VALUE pipelines.yaml:1:1: The file: expected a mapping, got 'just text'."),
    (
        "version: 2\npipelines: {}",
        "E-CONFIG-VERSION pipelines.yaml:1:10: version: this release reads version 1, got '2'.",
    ),
    ("pipelines: {}", "E-CONFIG-VERSION pipelines.yaml:1:1: The file needs `version: 1`."),
    (
        "version: 1\n",
        "E-CONFIG-MISSING pipelines.yaml:1:1: The file needs the key 'pipelines', a mapping of names to pipelines.",
    ),
    (
        "version: 1\npiplines: {}",
        "E-CONFIG-UNKNOWN pipelines.yaml:2:1: Unknown key 'piplines'. Did you mean 'pipelines'? Known: defaults, pipelines, version.",
    ),
    ("version: 1\npipelines: []", "E-CONFIG-VALUE pipelines.yaml:2:12: pipelines: expected a mapping, got a list."),
    ("version: 1\npipelines:\n  a:\n", "E-CONFIG-VALUE pipelines.yaml:3:5: The pipeline 'a' is empty."),
    (
        "version: 1\npipelines:\n  a/b: {}",
        "E-CONFIG-VALUE pipelines.yaml:3:3: 'a/b' is no name of a pipeline: it stands in file names and on command lines. Use letters, digits, '-', '_' and '.'.",
    ),
    (
        "version: 1\npipelines:\n  a: {inptu: 1}",
        "E-CONFIG-UNKNOWN pipelines.yaml:3:7: Unknown key of pipeline 'a': 'inptu'. Did you mean 'input'? Known: citation, device, evaluate, export, extends, featurize, input, keep, matrix, preprocess, seed, target, title, train.",
    ),
    (
        "version: 1\ndefaults: {sed: 1}\npipelines: {}",
        "E-CONFIG-UNKNOWN pipelines.yaml:2:12: Unknown key of defaults: 'sed'. Did you mean 'seed'? Known: citation, device, evaluate, export, featurize, input, keep, preprocess, seed, target, train.",
    ),
    (
        "version: 1\npipelines:\n  a: {<<: {b: 1}}",
        "E-CONFIG-YAML pipelines.yaml:3:7: Merge keys (<<) are no part of YAML 1.2. A pipeline takes over another one's entries with `extends: NAME`.",
    ),
    ("version: 1\npipelines:\n  ? [a]\n  : 1\n", "E-CONFIG-YAML pipelines.yaml:3:5: A key must be a word."),
    (
        "version: 1\npipelines:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n",
        "E-CONFIG-EXTENDS pipelines.yaml:5:16: extends goes in a circle: a -> b -> c -> a.",
    ),
    (
        "version: 1\npipelines:\n  alpha: {input: {datatype: eeg}}\n  b: {extends: alhpa}\n",
        "E-CONFIG-EXTENDS pipelines.yaml:4:16: Unknown pipeline to extend: 'alhpa'. Did you mean 'alpha'? Known: alpha.",
    ),
    (
        "version: 1\npipelines:\n  a: {extends: a}",
        "E-CONFIG-EXTENDS pipelines.yaml:3:16: extends goes in a circle: a -> a.",
    ),
    (
        "version: 1\npipelines:\n  a: {extends: [a]}",
        "E-CONFIG-EXTENDS pipelines.yaml:3:7: extends: expected the name of one pipeline, got a list.",
    ),
    (
        "version: true\npipelines: {}",
        "E-CONFIG-VERSION pipelines.yaml:1:10: version: this release reads version 1, got 'true'.",
    ),
    (
        "version: 1\npipelines:\n  a:\n  - input\n",
        "E-CONFIG-VALUE pipelines.yaml:4:3: pipeline 'a': expected a mapping, got a list.",
    ),
    (
        "version: 1\npipelines: {a: {title: @x}}",
        "E-CONFIG-YAML pipelines.yaml:2:24: This is no YAML: found character that cannot start any token (while scanning for the next token).",
    ),
    (
        "%YAML 1.2\n---\nversion: 1\n...\n---\na: 1\n",
        "E-CONFIG-DOCUMENTS pipelines.yaml:5:1: A second document starts here; a file holds one.",
    ),
]
PIPELINES = [
    (
        "preprocess: [filter: {l_freq: 40 ms}]",
        "E-CONFIG-UNIT pipelines.yaml:5:35: preprocess.filter.l_freq: '40 ms' is a time, expected a frequency (Hz). Did you mean '40 Hz'?",
    ),
    (
        "preprocess: [filter: {l_freq: 1 hz}]",
        "E-CONFIG-UNIT pipelines.yaml:5:35: preprocess.filter.l_freq: '1 hz' has the unknown unit 'hz', expected a frequency. Did you mean '1 Hz'?",
    ),
    (
        "preprocess: [filter: {l_freq: fast}]",
        "E-CONFIG-UNIT pipelines.yaml:5:35: preprocess.filter.l_freq: expected a frequency such as '1 Hz', got 'fast'.",
    ),
    (
        "preprocess: [filter: {l_freq: true}]",
        "E-CONFIG-UNIT pipelines.yaml:5:35: preprocess.filter.l_freq: expected a frequency such as '1 Hz', got True.",
    ),
    (
        "preprocess: [filter: {l_freq: .inf}]",
        "E-CONFIG-VALUE pipelines.yaml:5:35: preprocess.filter.l_freq: expected a finite number, got inf.",
    ),
    (
        "preprocess: [filter: {l_frq: 1}]",
        "E-CONFIG-UNKNOWN pipelines.yaml:5:27: Unknown setting of preprocess.filter: 'l_frq'. Did you mean 'l_freq'? Known: h_freq, l_freq, method, order.",
    ),
    (
        "preprocess: [fitler: {l_freq: 1}]",
        "E-CONFIG-UNKNOWN pipelines.yaml:5:18: Unknown step 'fitler'. Did you mean 'filter'? Known: epoch, filter, notch.",
    ),
    (
        "preprocess:\n  - filter:\n    l_freq: 1",
        "E-CONFIG-STEP pipelines.yaml:6:9: preprocess: expected one step, got the keys filter, l_freq side by side. Indent the settings below their step: `- filter: {l_freq: 1 Hz}`.",
    ),
    (
        "preprocess: {filter: {l_freq: 1}}",
        "E-CONFIG-STAGE pipelines.yaml:5:17: preprocess: expected a list of steps, got a mapping. Write one step a line, each behind a dash.",
    ),
    (
        "preprocess: [filter: {method: iirr}]",
        "E-CONFIG-VALUE pipelines.yaml:5:35: preprocess.filter.method: expected 'fir' or 'iir', got 'iirr'. Did you mean 'iir'?",
    ),
    (
        "preprocess: [filter: {order: 0}]",
        "E-CONFIG-VALUE pipelines.yaml:5:34: preprocess.filter.order: expected at least 1, got '0'.",
    ),
    (
        "preprocess: [filter: {order: 1.5}]",
        "E-CONFIG-VALUE pipelines.yaml:5:34: preprocess.filter.order: expected a whole number, got '1.5'.",
    ),
    (
        "preprocess: [filter: {order: many}]",
        "E-CONFIG-VALUE pipelines.yaml:5:34: preprocess.filter.order: expected a whole number, got 'many'.",
    ),
    (
        "preprocess: [epoch]",
        "E-CONFIG-MISSING pipelines.yaml:5:18: preprocess.epoch needs the setting 'duration' (Length of a piece).",
    ),
    (
        "preprocess: [epoch: {duration: 4 s, reject: {eeg: 100 Hz}}]",
        "E-CONFIG-UNIT pipelines.yaml:5:55: preprocess.epoch.reject.eeg: '100 Hz' is a frequency, expected a voltage (V). Did you mean '100 V'?",
    ),
    (
        "preprocess: [[filter]]",
        "E-CONFIG-STEP pipelines.yaml:5:18: preprocess: expected one step, got a list. Indent the settings below their step: `- filter: {l_freq: 1 Hz}`.",
    ),
    ("preprocess: [3]", "E-CONFIG-UNKNOWN pipelines.yaml:5:18: Unknown step '3'. Known: epoch, filter, notch."),
    (
        "preprocess: filter",
        "E-CONFIG-STAGE pipelines.yaml:5:17: preprocess: expected a list of steps, got 'filter'. Write one step a line, each behind a dash.",
    ),
    (
        "preprocess: [notch: [50 Hz, 3 V]]",
        "E-CONFIG-UNIT pipelines.yaml:5:33: preprocess.notch.freqs[1]: '3 V' is a voltage, expected a frequency (Hz). Did you mean '3 Hz'?",
    ),
    (
        "featurize: [band_power: {bands: {alpha: [8 Hz]}}]",
        "E-CONFIG-UNIT pipelines.yaml:5:38: featurize.band_power.bands.alpha: expected a range such as [1 Hz, 2 Hz], got ['8 Hz'].",
    ),
    (
        "featurize: [band_power: {bands: {alpha: [13 Hz, 8 Hz]}}]",
        "E-CONFIG-VALUE pipelines.yaml:5:38: featurize.band_power.bands.alpha: a range goes from low to high, got ['13 Hz', '8 Hz'].",
    ),
    (
        "featurize: [band_power: {bands: {alpha: [8 V, 9 Hz]}}]",
        "E-CONFIG-UNIT pipelines.yaml:5:38: featurize.band_power.bands.alpha: '8 V' is a voltage, expected a frequency (Hz). Did you mean '8 Hz'?",
    ),
    (
        "featurize: [band_power: {psd: {methd: welch}}]",
        "E-CONFIG-UNKNOWN pipelines.yaml:5:36: Unknown setting of featurize.band_power.psd: 'methd'. Did you mean 'method'? Known: method.",
    ),
    (
        "featurize: [band_power: {psd: {method: welsh}}]",
        "E-CONFIG-VALUE pipelines.yaml:5:44: featurize.band_power.psd.method: expected 'welch' or 'multitaper', got 'welsh'. Did you mean 'welch'?",
    ),
    (
        "featurize: [band_power: {log: perhaps}]",
        "E-CONFIG-VALUE pipelines.yaml:5:35: featurize.band_power.log: expected true or false, got 'perhaps'.",
    ),
    (
        "train: {split: subject, model: [logistic_regression]}",
        "E-CONFIG-STAGE pipelines.yaml:5:5: train needs a target, such as `target: {entity: task}`.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject}",
        "E-CONFIG-MISSING pipelines.yaml:6:5: train needs the setting 'model' (A chain, all of it fitted inside the fold).",
    ),
    (
        "target: {entity: task}\ntrain: {model: [logistic_regression]}",
        "E-CONFIG-MISSING pipelines.yaml:6:5: train needs the setting 'split'.",
    ),
    (
        "target: {entity: task}\ntrain: {split: {leave_out: subject, k_fold: 5}, model: [logistic_regression]}",
        "E-CONFIG-VALUE pipelines.yaml:6:13: train.split: give one of leave_out, k_fold or fixed, got leave_out and k_fold.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: []}",
        "E-CONFIG-STAGE pipelines.yaml:6:29: train.model is empty; name at least one model.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [standardise]}",
        "E-CONFIG-UNKNOWN pipelines.yaml:6:37: Unknown model 'standardise'. Did you mean 'standardize'? Known: logistic_regression, network, standardize.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [logistic_regression], balance: weight}",
        "E-CONFIG-VALUE pipelines.yaml:6:68: train.balance: expected 'weights', 'subsample' or 'none', got 'weight'. Did you mean 'weights'?",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [logistic_regression], null: many}",
        "E-CONFIG-VALUE pipelines.yaml:6:65: train.null.permutations: expected a whole number, got 'many'.",
    ),
    (
        "target: {entity: task, events: trial_type}\npreprocess: []",
        "E-CONFIG-VALUE pipelines.yaml:5:5: target: give one of entity, events or participants, got entity and events.",
    ),
    (
        "target: {}\nfeaturize: [band_power]",
        "E-CONFIG-VALUE pipelines.yaml:5:5: target: give one of entity, events or participants, got none.",
    ),
    (
        "target: {entity: tsk}\nfeaturize: [band_power]",
        "E-CONFIG-VALUE pipelines.yaml:5:22: target.entity: Unknown BIDS entity 'tsk'. Did you mean 'task'? Known: acquisition, atlas, ceagent, chunk, density, description, direction, echo, flip, hemisphere, inversion, label, modality, mt, part, processing, reconstruction, recording, resolution, run, sample, segmentation, session, space, split, stain, subject, task, tracer, tracksys.",
    ),
    (
        "target: {participants: age, as: numbr}\nfeaturize: [band_power]",
        "E-CONFIG-VALUE pipelines.yaml:5:37: target.as: expected 'label' or 'number', got 'numbr'. Did you mean 'number'?",
    ),
    (
        "evaluate: {metrics: [accuracy]}\npreprocess: [epoch: 4 s]",
        "E-CONFIG-STAGE pipelines.yaml:5:5: evaluate needs a train stage.",
    ),
    (
        "seed: -1\npreprocess: [epoch: 4 s]",
        "E-CONFIG-VALUE pipelines.yaml:5:11: seed: expected a whole number from 0 on, got '-1'.",
    ),
    (
        "seed: many\npreprocess: [epoch: 4 s]",
        "E-CONFIG-VALUE pipelines.yaml:5:11: seed: expected a whole number from 0 on, got 'many'.",
    ),
    (
        "keep: some\npreprocess: [epoch: 4 s]",
        "E-CONFIG-VALUE pipelines.yaml:5:11: keep: expected one of final, all, none, got 'some'.",
    ),
    (
        "keep: [all]\npreprocess: [epoch: 4 s]",
        "E-CONFIG-VALUE pipelines.yaml:5:5: keep: expected one of final, all, none, got a list.",
    ),
    ("title: [a]\npreprocess: [epoch: 4 s]", "E-CONFIG-VALUE pipelines.yaml:5:5: title: expected text, got a list."),
    (
        "preprocess: [filter: 3 Hz]",
        "E-CONFIG-VALUE pipelines.yaml:5:26: preprocess.filter: expected a mapping of settings, got '3 Hz'.",
    ),
    (
        "preprocess: [epoch: [4 s]]",
        "E-CONFIG-UNIT pipelines.yaml:5:25: preprocess.epoch.duration: expected a time such as '1 s', got ['4 s'].",
    ),
    (
        "matrix: {preprocess.filter.l_freq: 3}\npreprocess: [filter: {l_freq: 1}]",
        "E-CONFIG-MATRIX pipelines.yaml:5:40: matrix.preprocess.filter.l_freq: expected a list of values, got '3'.",
    ),
    (
        "matrix: {preprocess.filtr.l_freq: [3]}\npreprocess: [filter: {l_freq: 1}]",
        "E-CONFIG-MATRIX pipelines.yaml:5:40: Unknown step in 'preprocess.filtr.l_freq': 'filtr'. Did you mean 'filter'? Known: filter.",
    ),
    (
        "matrix: {preprocess.filter.l_freq: [3, 3]}\npreprocess: [filter: {l_freq: 1}]",
        "E-CONFIG-MATRIX pipelines.yaml:5:41: matrix.preprocess.filter.l_freq: the value '3' is there twice.",
    ),
    (
        "matrix: {preprocess.filter.l_freq: [3, 3 s]}\npreprocess: [filter: {l_freq: 1}]",
        "E-CONFIG-UNIT pipelines.yaml:5:44: preprocess.filter.l_freq: '3 s' is a time, expected a frequency (Hz). Did you mean '3 Hz'?",
    ),
    (
        "matrix: []\npreprocess: [filter: {l_freq: 1}]",
        "E-CONFIG-MATRIX pipelines.yaml:5:5: matrix: expected a mapping of addresses to lists, got a list.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [standardize]}",
        "E-CONFIG-MODEL pipelines.yaml:6:29: A model ends with a member that predicts; this one ends with 'standardize', which only transforms. End it with one such as 'logistic_regression', 'lda' or 'ridge'.",
    ),
    (
        "target: {participants: age, as: number}\ntrain: {split: subject, model: [logistic_regression]}",
        "E-CONFIG-MODEL pipelines.yaml:6:37: train.model.logistic_regression predicts a label, and the target is a number. `neurocli steps models` lists the others.",
    ),
    (
        "target: {entity: task}\ntrain: {split: {fixed: {test: {subject: 010}, trian: {}}}, model: [network: {band: [1 s, 2 s]}]}",
        "E-CONFIG-UNIT pipelines.yaml:6:82: train.model.network.band: '1 s' is a time, expected a frequency (Hz). Did you mean '1 Hz'?",
    ),
    (
        "target: {entity: task, only: [a]}\npreprocess: [epoch: 4 s]",
        "E-CONFIG-VALUE pipelines.yaml:5:5: target: 'only' goes with events; choose recordings under input.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [logistic_regression]}\nevaluate: {metrics: [accuracy, acuracy]}",
        "E-CONFIG-UNKNOWN pipelines.yaml:7:36: Unknown metric 'acuracy'. Did you mean 'accuracy'? Known: accuracy, average_precision, balanced_accuracy, brier, ece, f1, itr, kappa, log_loss, mae, pearson, r2, rmse, roc_auc, sequential_top2, spearman.",
    ),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [logistic_regression]}\nevaluate: {metrics: r2}",
        "E-CONFIG-VALUE pipelines.yaml:7:25: evaluate.metrics: expected a list, got 'r2'.",
    ),
    (
        "target: {participants: age, as: number}\ntrain: {split: subject, model: [network], search: {over: {network.band: [[1 Hz, 2 Hz]]}}}",
        "E-CONFIG-METRIC pipelines.yaml:6:47: The metric 'balanced_accuracy' does not suit a target that is a number. Use mae, pearson, r2, rmse, spearman.",
    ),
    ("train: [standardize]", "E-CONFIG-VALUE pipelines.yaml:5:12: train: expected a mapping of settings, got a list."),
    (
        "target: {entity: task}\ntrain: {split: subject, model: [logistic_regression], search: {over: {logistic_regression.C: [0.1, -1], ridge.alpha: [1]}}}",
        "E-CONFIG-VALUE pipelines.yaml:6:104: train.model.logistic_regression.C: expected more than 0, got '-1'.",
    ),
    (
        "featurize: [band_power, band_power: {log: true}, band_power]",
        "E-CONFIG-STAGE pipelines.yaml:5:54: featurize.band_power[2] is listed above with the same settings. Remove one.",
    ),
]
SETS = [
    (
        "preprocess.filter.l_freq",
        "E-CONFIG-SET --set preprocess.filter.l_freq: A setting is written stage.step.setting=value.",
    ),
    (
        "prepro.filter.l_freq=1",
        "E-CONFIG-SET --set prepro.filter.l_freq=1: Unknown stage: 'prepro'. Did you mean 'preprocess'? Known: citation, device, evaluate, export, featurize, input, keep, preprocess, seed, target, train.",
    ),
    (
        "preprocess.filtr.l_freq=1",
        "E-CONFIG-SET --set preprocess.filtr.l_freq=1: Unknown step in 'preprocess.filtr.l_freq': 'filtr'. Did you mean 'filter'? Known: filter.",
    ),
    (
        "preprocess.filter.l_freq=40 ms",
        "E-CONFIG-UNIT --set preprocess.filter.l_freq=40 ms: preprocess.filter.l_freq: '40 ms' is a time, expected a frequency (Hz). Did you mean '40 Hz'?",
    ),
    (
        "preprocess.filter.lfreq=4",
        "E-CONFIG-UNKNOWN --set preprocess.filter.lfreq=4: Unknown setting of preprocess.filter: 'lfreq'. Did you mean 'l_freq'? Known: h_freq, l_freq, method, order.",
    ),
    (
        "preprocess.filter[1].l_freq=4",
        "E-CONFIG-SET --set preprocess.filter[1].l_freq=4: 'preprocess.filter[1].l_freq' asks for number 1 of 1; the first is filter[0].",
    ),
    (
        "featurize.x.y=3",
        "E-CONFIG-SET --set featurize.x.y=3: The pipeline has no 'featurize'; it has input, preprocess.",
    ),
    (
        "preprocess.filter.l_freq=[1",
        "E-CONFIG-YAML --set preprocess.filter.l_freq=[1: '[1' is no YAML value: did not find expected ',' or ']'.",
    ),
    (
        "preprocess..x=1",
        "E-CONFIG-SET --set preprocess..x=1: 'preprocess..x' is no address; write stage.step.setting, such as preprocess.filter.l_freq.",
    ),
    (
        "preprocess.filter.l_freq=!!int 3",
        "E-CONFIG-TAG --set preprocess.filter.l_freq=!!int 3: The tag '!!int' is not allowed. Write the plain value.",
    ),
]


def in_pipeline(body):
    """Return a file whose one pipeline has these lines; the first is line 5, column 5."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"version: 1\npipelines:\n  a:\n    input: {{datatype: eeg}}\n{lines}"


@pytest.mark.parametrize(("text", "sentence"), FILES)
def test_a_broken_file_is_refused_when_it_is_read(loads, text, sentence):
    with pytest.raises(ConfigError) as caught:
        loads(text)
    assert str(caught.value) == sentence
    assert caught.value.exit_status == Exit.CONFIG


@pytest.mark.parametrize(("body", "sentence"), PIPELINES)
def test_a_wrong_pipeline_is_refused_at_its_line(loads, body, sentence):
    with pytest.raises(ConfigError) as caught:
        loads(in_pipeline(body)).named("a")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("setting", "sentence"), SETS)
def test_a_wrong_setting_on_the_command_line_is_refused(loads, setting, sentence):
    with pytest.raises(ConfigError) as caught:
        loads(in_pipeline("preprocess: [filter: {l_freq: 1}]"), setting).named("a")
    assert str(caught.value) == sentence


def test_a_repeated_step_must_be_numbered(loads):
    config = loads(in_pipeline("preprocess: [filter: {l_freq: 1}, filter: {h_freq: 3}]"), "preprocess.filter.l_freq=3")
    with pytest.raises(ConfigError, match=r"'filter' is there 2 times; say which .*: filter\[0\], filter\[1\]\."):
        config.pipelines["a"]


def test_every_problem_is_found_and_each_is_said_once(loads):
    body = "preprocess: [filter: {l_freq: 1 ms, order: 0}, fitler]\ntarget: {entity: tsk}"
    config = loads(in_pipeline(body) + "  b: {extends: a}\n")
    assert [problem.where for problem in config.problems()] == [
        "pipelines.yaml:6:22",
        "pipelines.yaml:5:35",
        "pipelines.yaml:5:48",
        "pipelines.yaml:5:52",
    ]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"E-CONFIG-FILE .*nothing\.yaml: .* cannot be read: No such file") as caught:
        load(tmp_path / "nothing.yaml")
    assert "neurocli init" in str(caught.value)


def test_one_broken_pipeline_leaves_the_others_usable(loads):
    config = loads(in_pipeline("preprocess: [fitler]") + "  b: {input: {datatype: eeg}, preprocess: [epoch: 4 s]}\n")
    assert config.pipelines["b"].preprocess[0].name == "epoch"
    with pytest.raises(ConfigError, match="fitler"):
        config.pipelines["a"]


def test_an_unknown_pipeline_has_a_nearest_one(loads):
    config = loads(in_pipeline("preprocess: [epoch: 4 s]").replace("  a:", "  eegmat:"))
    with pytest.raises(ConfigError, match=r"Unknown pipeline 'egmat'\. Did you mean 'eegmat'\? Known: eegmat\."):
        config.named("egmat")
