"""Machine words and vectors in numba: 64 comparisons at once, population counts, wide loops, an exponential.

The masks are written in LLVM's own vector types, so that each machine gets its widest comparison (AVX-512, AVX2, NEON).
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
LOG2_E, LN_2 = 1.4426950408889634, 0.6931471805599453
LEAST_POWER = -340.0  # of e: a product of two such numbers is no denormal one, which would take a hundred times longer
INVERSE_FACTORIALS = tuple(1.0 / factorial(n) for n in range(12, -1, -1))
Code = tuple[Any, Any]  # what an intrinsic returns: its signature, and the function that writes its code


def kernel(func: Function) -> Function:
    """Compile at the first call, keep it on disk, release the GIL; divide as NumPy does.

    Every kernel is made part of those that call it. Else the process that compiles calls the helper it compiled first,
    and the next one finds another copy of it on disk within the caller: two orders of a sum, two last digits.
    """
    compiled: Function = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)(func)
    return compiled


def fast_kernel(func: Function) -> Function:
    """Do the same, and let sums be reordered so that they vectorise; NaN and Inf keep their meaning."""
    kept = {"reassoc", "contract", "nsz"}
    compiled: Function = njit(nogil=True, cache=True, error_model="numpy", forceinline=True, fastmath=kept)(func)
    return compiled


def exact_kernel(func: Function) -> Function:
    """Do the same for what stays a function of its own, so that much of it compiles soon: no sum may be reordered."""
    compiled: Function = njit(nogil=True, cache=True, error_model="numpy")(func)
    return compiled


def inlined(func: Function) -> Function:
    """Make a function part of every kernel that calls it."""
    compiled: Function = njit(nogil=True, error_model="numpy", inline="always")(func)
    return compiled


def series(x: np.ndarray) -> np.ndarray:
    """Return (..., n_times) as C-contiguous (n_series, n_times)."""
    return np.ascontiguousarray(x.reshape(-1, x.shape[-1]))


@intrinsic  # type: ignore[untyped-decorator]
def wide(typingctx: Any) -> Code:  # noqa: ARG001
    """Let the loops of the function that calls this use the widest vectors; LLVM halves them where AVX-512 is young."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own add knows no such names
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic  # type: ignore[untyped-decorator]
def compact(typingctx: Any) -> Code:  # noqa: ARG001
    """Keep the loops of the function that calls this as they are, for they are too short to gain from more code."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        builder.function.attributes.add("optsize")
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic  # type: ignore[untyped-decorator]
def _power_of_two(typingctx: Any, k: Any) -> Code:  # noqa: ARG001
    """Return 2^k, for k above -1023."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        whole = ir.IntType(64)
        return builder.bitcast(builder.shl(builder.add(args[0], whole(1023)), whole(52)), ir.DoubleType())

    return types.float64(types.int64), codegen


@fast_kernel
def exponential(x: float) -> float:
    """Return exp(x) for x up to 0, to 2e-16 of 1, in a form that vectorises; what is below exp(-340) is that."""
    wide()
    x = max(x, LEAST_POWER)
    k = np.floor(x * LOG2_E + 0.5)
    r = x - k * LN_2
    value = INVERSE_FACTORIALS[0]
    for term in INVERSE_FACTORIALS[1:]:  # Taylor's series to r^12, where |r| < 0.35
        value = value * r + term
    return value * _power_of_two(np.int64(np.int32(k)))


@intrinsic  # type: ignore[untyped-decorator]
def popcount(typingctx: Any, word: Any) -> Code:  # noqa: ARG001 - numba passes its typing context
    """Return the number of ones in a 64-bit word."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def within64(typingctx: Any, x: Any, first: Any, value: Any, r: Any) -> Code:  # noqa: ARG001
    """Return the word whose bit j says ``abs(x[first + j] - value) <= r``; reads 64 elements."""
    return types.uint64(x, types.int64, x.dtype, x.dtype), _comparison("<=")


@intrinsic  # type: ignore[untyped-decorator]
def below64(typingctx: Any, x: Any, first: Any, value: Any, r: Any) -> Code:  # noqa: ARG001
    """Return the word whose bit j says ``abs(x[first + j] - value) < r``; reads 64 elements."""
    return types.uint64(x, types.int64, x.dtype, x.dtype), _comparison("<")


@intrinsic  # type: ignore[untyped-decorator]
def tally64(typingctx: Any, counts: Any, first: Any, word: Any) -> Code:  # noqa: ARG001
    """Add bit j of the word to ``counts[first + j]``; reads and writes 64 integers."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        place = _pointer64(context, builder, kind, args[0], args[1])
        bits = builder.bitcast(args[2], ir.VectorType(ir.IntType(1), 64))
        ones = builder.zext(bits, ir.VectorType(context.get_data_type(kind.dtype), 64))
        width = kind.dtype.bitwidth // 8
        builder.store(builder.add(builder.load(place, align=width), ones), place, align=width)
        return context.get_dummy_value()

    return types.void(counts, types.int64, types.uint64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def above64(typingctx: Any, x: Any, first: Any, value: Any) -> Code:  # noqa: ARG001
    """Return the word whose bit j says ``x[first + j] > value``; reads 64 elements."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        here = _load64(context, builder, signature, args)
        return builder.bitcast(builder.fcmp_ordered(">", here, _splat64(builder, args[2])), ir.IntType(64))

    return types.uint64(x, types.int64, x.dtype), codegen


@intrinsic  # type: ignore[untyped-decorator]
def weighted64(typingctx: Any, x: Any, first: Any, taps: Any, start: Any, n: Any, out: Any, where: Any) -> Code:  # noqa: ARG001
    """Write 64 sums side by side: ``out[where + i]`` of ``taps[start + j] * x[first + 64 * j + i]`` over j below n."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, x_array, out_array = signature.args, args[0], args[5]
        vector = ir.VectorType(context.get_data_type(kinds[0].dtype), 64)
        total = cgutils.alloca_once_value(builder, ir.Constant(vector, None))
        weights = context.make_array(kinds[2])(context, builder, args[2]).data
        with cgutils.for_range(builder, args[4]) as loop:
            place = builder.add(args[1], builder.mul(loop.index, ir.Constant(args[1].type, 64)))
            rows = builder.load(_pointer64(context, builder, kinds[0], x_array, place), align=4)
            tap = builder.load(builder.gep(weights, [builder.add(args[3], loop.index)]))
            product = builder.fmul(_splat64(builder, tap), rows, flags=("contract",))
            builder.store(builder.fadd(builder.load(total), product, flags=("contract",)), total)
        builder.store(builder.load(total), _pointer64(context, builder, kinds[5], out_array, args[6]), align=4)
        return context.get_dummy_value()

    return types.void(x, types.int64, taps, types.int64, types.int64, out, types.int64), codegen


def _comparison(how: str) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        here = _load64(context, builder, signature, args)
        distance = _absolute(builder, builder.fsub(here, _splat64(builder, args[2])))
        return builder.bitcast(builder.fcmp_ordered(how, distance, _splat64(builder, args[3])), ir.IntType(64))

    return codegen


def _load64(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Write the load of ``x[first : first + 64]``, aligned to one element only."""
    kind = signature.args[0]
    return builder.load(_pointer64(context, builder, kind, args[0], args[1]), align=kind.dtype.bitwidth // 8)


def _pointer64(context: Any, builder: Any, kind: Any, array: Any, first: Any) -> Any:
    """Write the address of 64 elements of an array, as one vector."""
    pointer = builder.gep(context.make_array(kind)(context, builder, array).data, [first])
    vector = ir.VectorType(context.get_data_type(kind.dtype), 64)
    return builder.bitcast(pointer, vector.as_pointer())


def _splat64(builder: Any, value: Any) -> Any:
    index = ir.IntType(32)
    one = builder.insert_element(ir.Constant(ir.VectorType(value.type, 64), ir.Undefined), value, index(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(index, 64), [0] * 64))


def _absolute(builder: Any, vector: Any) -> Any:
    width = 32 if vector.type.element == ir.FloatType() else 64
    kind = ir.FunctionType(vector.type, [vector.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v64f{width}"), [vector])
