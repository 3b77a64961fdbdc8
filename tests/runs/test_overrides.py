"""A person's decision that is about nobody does not pass in silence."""

from __future__ import annotations

DECIDED = """version: 1
pipelines:
  decided:
    input: {datatype: eeg, task: rest}
    preprocess:
      - overrides: TABLE
      - pick: {types: [eeg]}
"""


def test_a_misspelt_subject_is_told_of_where_the_whole_dataset_runs(cli, dataset, tmp_path):
    table, file = tmp_path / "overrides.tsv", tmp_path / "pipelines.yaml"
    table.write_text("subject\twhat\tvalue\treason\n01\tbad_channel\tCz\tloose\n0l\tbad_channel\tPz\tloose\n")
    file.write_text(DECIDED.replace("TABLE", str(table)))
    words = ["preprocess", "decided", "--bids-dir", dataset, "-f", file, "--n-cpus", "1"]
    said = cli.document(*words, "-o", tmp_path / "out")["warnings"]
    row = "subject 0l, what bad_channel, value Pz, reason loose"
    assert said == [f"preprocess.overrides: {table}:3 is about no recording, so it changes nothing: {row}."]
    one = cli.document(*words, "-o", tmp_path / "one", "--participant-label", "02")
    assert one["status"] == "ok"
    assert not one["warnings"]
