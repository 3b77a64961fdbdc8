"""The commands round a pipelines file: validate, schema, init, steps, explain."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from neurocli import registry
from neurocli.commands import build
from neurocli.commands.explain import STATUSES
from neurocli.errors import Exit, StoreError, UsageError
from neurocli.pipelines.config import SHIPPED
from neurocli.pipelines.schema import schema
from neurocli.pipelines.yaml_core import plain, read

BROKEN = """\
version: 1
pipelines:
  a:
    input: {datatype: eeg}
    preprocess: [filter: {l_freq: 40 ms}, fitler]
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Return a function that calls neurocli in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*args, status=0):
        result = CliRunner().invoke(build(), args)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    return called


def test_validate_prints_the_names_of_the_pipelines(call):
    lines = call("validate").stdout.splitlines()
    assert lines[0] == f"ok {SHIPPED}"
    assert "  eegmat  Rest or mental arithmetic, from band power" in lines


def test_validate_prints_every_problem_on_stderr(call, tmp_path):
    (tmp_path / "mine.yaml").write_text(BROKEN)
    result = call("validate", "mine.yaml", status=Exit.CONFIG)
    first, second, *pages = result.stderr.splitlines()
    assert first.startswith("error: E-CONFIG-UNIT mine.yaml:5:35: preprocess.filter.l_freq: '40 ms' is a time")
    assert second.startswith("error: E-CONFIG-UNKNOWN mine.yaml:5:43: Unknown step 'fitler'. Did you mean 'filter'?")
    assert pages == ["  neurocli explain E-CONFIG-UNIT", "  neurocli explain E-CONFIG-UNKNOWN"]
    assert result.stdout == ""


def test_validate_takes_the_file_as_an_option_too(call, tmp_path):
    (tmp_path / "mine.yaml").write_text(BROKEN)
    call("validate", "-f", "mine.yaml", status=Exit.CONFIG)


def test_validate_prints_one_json_document(call, tmp_path):
    (tmp_path / "mine.yaml").write_text(BROKEN)
    document = json.loads(call("validate", "mine.yaml", "--json", status=Exit.CONFIG).stdout)
    assert (document["status"], document["pipelines"]) == ("failed", [])
    assert [error["where"] for error in document["errors"]] == ["mine.yaml:5:35", "mine.yaml:5:43"]
    good = json.loads(call("validate", "--json").stdout)
    assert (good["status"], good["errors"]) == ("ok", [])
    assert "ssvep" in good["pipelines"]


def test_validate_checks_settings_of_the_command_line(call):
    result = call("validate", "--set", "seed=many", status=Exit.CONFIG)
    assert "--set seed=many: seed: expected a whole number" in result.stderr


def test_a_file_that_is_no_yaml_has_one_problem(call, tmp_path):
    (tmp_path / "pipelines.yaml").write_text("version: [1")
    assert "E-CONFIG-YAML pipelines.yaml:2:1" in call("validate", status=Exit.CONFIG).stderr


def test_init_writes_a_file_that_is_right(call, tmp_path):
    written = call("init").stdout.split()
    assert written == ["pipelines.yaml", "neurocli.schema.json", "Makefile"]
    assert call("validate").stdout.splitlines()[0] == "ok pipelines.yaml"
    assert json.loads((tmp_path / "neurocli.schema.json").read_text()) == schema()


def test_init_overwrites_nothing(call, tmp_path):
    (tmp_path / "pipelines.yaml").write_text("mine")
    (tmp_path / "Makefile").write_text("all:\n")
    result = call("init")
    assert result.stdout.split() == ["neurocli.schema.json", "neurocli.mk"]
    assert "kept pipelines.yaml" in result.stderr
    assert "include neurocli.mk" in result.stderr
    assert (tmp_path / "pipelines.yaml").read_text() == "mine"
    assert (tmp_path / "Makefile").read_text() == "all:\n"


def test_init_twice_is_init_once(call, tmp_path):
    call("init", "new")
    before = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert call("init", "new").stdout == ""
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == before


def test_init_says_where_it_cannot_write(call, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"E-STORE-PERMISSION file: The folder cannot be written"):
        call("init", "file")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not on this machine")
def test_the_rules_for_make_name_the_commands(call, tmp_path):
    call("init")
    run = subprocess.run(
        ["make", "-n", "results", "PIPELINE=p"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "neurocli run p --bids-dir data --out results/p" in run.stdout


@pytest.mark.parametrize("kind", ["steps", "features", "models", "exporters"])
def test_steps_lists_every_definition_with_its_settings(call, kind):
    found = json.loads(call("steps", kind, "--json").stdout)[kind]
    assert [about["name"] for about in found] == sorted(registry.definitions(kind))
    for about in found:
        fields = registry.get(kind, about["name"]).model_fields
        assert [setting["name"] for setting in about["settings"]] == [field.alias or n for n, field in fields.items()]
        assert about["summary"].endswith((".", ":")), about["name"]


def test_steps_says_units_and_defaults(call):
    (band_pass,) = [d for d in json.loads(call("steps", "--json").stdout)["steps"] if d["name"] == "filter"]
    settings = {setting["name"]: setting for setting in band_pass["settings"]}
    assert (settings["l_freq"]["type"], settings["l_freq"]["unit"], settings["l_freq"]["default"]) == ("Hz", "Hz", None)
    assert settings["method"]["type"] == "fir or iir"
    assert settings["order"]["default"] == 4
    assert "pass band" in settings["h_freq"]["description"]


def test_steps_prints_a_table(call):
    lines = call("steps", "featurize").stdout.splitlines()
    assert lines[0].strip() == "features (in featurize)"
    (row,) = [line for line in lines if line.startswith("band_power ")]
    assert "Power in each band" in row
    assert "bands: mapping of names to [Hz, Hz] = {" in row


def test_an_unknown_kind_has_a_nearest_one(call):
    with pytest.raises(UsageError, match=r"Unknown kind of step 'featurse'\. Did you mean 'features'\?"):
        call("steps", "featurse")


def test_explain_prints_the_page(call):
    assert call("explain", "e-config-unit").stdout.startswith("# A quantity has the wrong unit")


def test_explain_exit_prints_every_status(call):
    lines = call("explain", "exit").stdout.splitlines()
    assert [int(line.split()[0]) for line in lines] == [int(status) for status in Exit] == list(STATUSES)


def test_explain_lists_every_code(call):
    lines = call("explain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*sorted(line.split()[0] for line in lines[:-1]), "exit"]
    assert len(lines) > 20


def test_an_unknown_code_has_a_nearest_one(call):
    with pytest.raises(UsageError, match=r"Unknown code 'E-CONFIG-UNITS'\. Did you mean 'E-CONFIG-UNIT'\?"):
        call("explain", "E-CONFIG-UNITS")


@pytest.fixture(scope="module")
def validator():
    """Return a function that says what the printed schema has against a document; the oracle is jsonschema."""
    jsonschema = pytest.importorskip("jsonschema")
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    checker = jsonschema.Draft202012Validator(made)
    return lambda document: [error.message for error in checker.iter_errors(document)]


def test_the_schema_accepts_the_shipped_file(validator):
    assert validator(plain(read(SHIPPED.read_bytes(), "pipelines.yaml"))) == []


def with_entry(**entry):
    return {"version": 1, "pipelines": {"a": {"input": {"datatype": "eeg"}, **entry}}}


@pytest.mark.parametrize(
    "entry",
    [
        {"preprocess": [{"notch": "50 Hz"}, "interpolate_bads", {"epoch": 4}]},
        {"preprocess": [{"notch": ["50 Hz"]}, {"epoch": {"duration": "4 s", "reject": {"eeg": "100 uV"}}}]},
        {"extends": "b", "featurize": None, "train": {"balance": "none", "null": 10, "split": "subject"}},
        {"train": {"model": ["tangent_space", {"center": "subject"}, {"svm": {"kernel": "linear"}}]}},
        {"featurize": ["covariance", {"band_power": {"bands": {"alpha": ["8 Hz", 13]}, "psd": {"segment": 2}}}]},
        {
            "matrix": {"train.model.svm.C": [1, 2]},
            "seed": 3,
            "title": "t",
            "target": {"participants": "age", "as": "number"},
        },
    ],
)
def test_the_schema_accepts_what_the_loader_accepts(validator, entry):
    assert validator(with_entry(**entry)) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"preprocess": ["fitler"]},
        {"preprocess": [{"filter": {"l_frq": 1}}]},
        {"preprocess": [{"filter": {"method": "iirr"}}]},
        {"preprocess": ["epoch", {"notch": None, "filter": None}]},
        {"featurize": [{"band_power": {"psd": {"methd": "welch"}}}]},
        {"train": {"model": ["standardise"]}},
        {"train": {"balance": "weight"}},
        {"target": {"entiy": "task"}},
        {"exprot": []},
        {"seed": "many"},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(validator, entry):
    assert validator(with_entry(**entry))


def test_schema_is_printed_as_one_document(call):
    assert json.loads(call("schema").stdout) == schema()
