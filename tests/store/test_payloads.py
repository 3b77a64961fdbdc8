"""Payload files: equal bytes for equal input, read by the reference library, and never trusted blindly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurocli.errors import StoreError
from neurocli.store._payloads import load, load_meta, save

DTYPES = ["?", "u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f8", ">i2"]
any_array = st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0)))
names = st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__")
any_arrays = st.dictionaries(names, any_array, min_size=1, max_size=4)
leaves = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5)
any_meta = st.dictionaries(st.text(max_size=5), st.recursive(leaves, lambda inner: st.lists(inner, max_size=3)))


def saved(folder: Path, arrays, meta) -> Path:
    return folder / save(str(folder), arrays, meta)["name"]


@given(arrays=any_arrays, meta=any_meta)
def test_what_is_written_is_read(tmp_path_factory, arrays, meta):
    path = saved(tmp_path_factory.mktemp("p"), arrays, meta)
    found, found_meta = load(str(path))
    assert found_meta == meta == load_meta(str(path))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype.newbyteorder("<")


@given(arrays=any_arrays)
def test_the_reference_library_reads_it(tmp_path_factory, arrays):
    """Oracle: safetensors."""
    path = saved(tmp_path_factory.mktemp("p"), arrays, {"kind": "x"})
    theirs = safetensors.numpy.load(path.read_bytes())
    assert set(theirs) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(theirs[name], array)


def test_equal_input_gives_equal_bytes(tmp_path):
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3, dtype="i2")
    meta = {f"field{i}": i for i in range(20)}
    contents = []
    for name, arrays in [("a", {"x": x, "y": y}), ("b", {"y": y, "x": np.asfortranarray(x)})]:
        (tmp_path / name).mkdir()
        contents.append(saved(tmp_path / name, arrays, meta).read_bytes())
    assert contents[0] == contents[1]


def test_arrays_are_mapped_aligned_and_read_only(tmp_path):
    found, _ = load(str(saved(tmp_path, {"a": np.ones(3, "u1"), "b": np.ones(5), "c": np.ones(7, "i2")}, {})))
    assert all(array.flags.aligned and not array.flags.owndata for array in found.values())
    with pytest.raises(ValueError, match="read-only"):
        found["b"][0] = 2.0


def test_numpy_scalars_become_numbers_and_objects_are_refused(tmp_path):
    assert load_meta(str(saved(tmp_path, {}, {"n": np.int64(3), "x": np.float32(0.5)}))) == {"n": 3, "x": 0.5}
    (tmp_path / "more").mkdir()
    with pytest.raises(TypeError, match="set is nothing that JSON can say"):
        saved(tmp_path / "more", {}, {"n": {1}})


@pytest.mark.parametrize(
    ("array", "hint"),
    [(np.ones(2, complex), "real and the imaginary"), (np.array(["a"]), "possible are"), (np.array([{}]), "object")],
)
def test_other_types_are_refused(tmp_path, array, hint):
    with pytest.raises(StoreError, match=hint) as caught:
        saved(tmp_path, {"x": array}, {})
    assert caught.value.code == "E-STORE-DTYPE"


def entry(**changes):
    return {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]} | changes


BAD = {
    "beyond the end": {"x": entry(shape=[3], data_offsets=[0, 24])},
    "before the start": {"x": entry(data_offsets=[-16, 0])},
    "negative shape": {"x": entry(shape=[-2], data_offsets=[0, -16])},
    "shape of floats": {"x": entry(shape=[2.0])},
    "true is no length": {"x": entry(dtype="F64", shape=[2, True])},
    "wrong size": {"x": entry(shape=[1])},
    "unknown dtype": {"x": entry(dtype="O")},
    "overlap": {"x": entry(), "y": entry()},
    "hole": {"x": entry(shape=[1], data_offsets=[0, 8])},
    "no mapping": {"x": 3},
    "huge shape": {"x": entry(shape=[2**62, 4])},
}


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_a_header_that_lies_is_refused(tmp_path, header):
    text = json.dumps({"__metadata__": {"neurocli": "{}"}, **header}).encode()
    path = tmp_path / "payload.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))
    with pytest.raises(StoreError) as caught:
        load(str(path))
    assert caught.value.code == "E-STORE-CORRUPT"


@pytest.mark.parametrize("content", [b"", b"123", b"\xff" * 16, (4).to_bytes(8, "little") + b"[1]", b"\0" * 8])
@pytest.mark.parametrize("name", ["payload.safetensors", "payload.json"])
def test_rubbish_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        load(str(tmp_path / name))
    assert caught.value.code == "E-STORE-CORRUPT"


@given(flip=st.integers(0, 400), value=st.integers(0, 255))
def test_no_single_wrong_byte_of_the_header_goes_astray(tmp_path_factory, flip, value):
    """Law: a damaged file is refused, or gives arrays of the right size; it never reads elsewhere."""
    path = saved(tmp_path_factory.mktemp("p"), {"x": np.arange(4.0), "y": np.arange(4, dtype="u1")}, {"a": "b"})
    content = bytearray(path.read_bytes())
    content[flip % len(content)] = value
    path.write_bytes(content)
    try:
        found, _ = load(str(path))
    except StoreError:
        return
    assert sum(array.nbytes for array in found.values()) == 36


def test_more_payloads_than_the_soft_limit_of_descriptors(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        pytest.skip("the hard limit of descriptors is too low here")
    path = saved(tmp_path, {"x": np.arange(4.0)}, {})
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        kept = [load(str(path))[0] for _ in range(400)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(kept) == 400
