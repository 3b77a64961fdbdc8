"""Sixteen numbers side by side as one value of a kernel.

Such values stay in registers, where the compiler would go through memory for an array, and their sums have one order on
every machine: a kernel of lanes needs no leave to reorder.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from ._bits import Code

WIDTH = 16  # single precision in one register of AVX-512, two of AVX2
INSTRUCTIONS = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul"}


class Lanes(types.Type):  # type: ignore[misc]
    """Sixteen numbers of one dtype."""

    def __init__(self, dtype: Any):
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Lanes):
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.dtype).get_value_type(), WIDTH))


def _define(operation: Any, instruction: str) -> None:
    """Let an operator take two values of lanes; it is rounded as one of numbers is, and never fused."""

    class Typing(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            return signature(args[0], *args) if isinstance(args[0], Lanes) and args == (args[0],) * 2 else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return getattr(builder, instruction)(*args)

    infer_global(operation)(Typing)
    lower_builtin(operation, Lanes, Lanes)(lower)


for _operation, _instruction in INSTRUCTIONS.items():
    _define(_operation, _instruction)


@intrinsic  # type: ignore[untyped-decorator]
def load(typingctx: Any, x: Any, first: Any) -> Code:  # noqa: ARG001
    """Return sixteen elements of a flat array from the first on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, sig.args[0], *args), align=_size(x))

    return Lanes(x.dtype)(x, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def store(typingctx: Any, x: Any, first: Any, lanes: Any) -> Code:  # noqa: ARG001
    """Write sixteen elements of a flat array from the first on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _place(context, builder, sig.args[0], *args[:2]), align=_size(x))
        return context.get_dummy_value()

    return types.void(x, types.int64, lanes), codegen


@intrinsic  # type: ignore[untyped-decorator]
def same(typingctx: Any, value: Any) -> Code:  # noqa: ARG001
    """Return a number sixteen times."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        one = builder.insert_element(
            ir.Constant(ir.VectorType(args[0].type, WIDTH), ir.Undefined), args[0], ir.IntType(32)(0)
        )
        return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))

    return Lanes(value)(value), codegen


@intrinsic  # type: ignore[untyped-decorator]
def fused(typingctx: Any, a: Any, b: Any, c: Any) -> Code:  # noqa: ARG001
    """Return a b + c, rounded once where the processor can."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.call(_function(builder, "llvm.fmuladd", args[0].type, 3), args)

    return a(a, b, c), codegen


@intrinsic  # type: ignore[untyped-decorator]
def size(typingctx: Any, a: Any) -> Code:  # noqa: ARG001
    """Return the absolute values."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.call(_function(builder, "llvm.fabs", args[0].type, 1), args)

    return a(a), codegen


@intrinsic  # type: ignore[untyped-decorator]
def larger(typingctx: Any, a: Any, b: Any) -> Code:  # noqa: ARG001
    """Return the larger of each two."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return a(a, b), codegen


@intrinsic  # type: ignore[untyped-decorator]
def smaller(typingctx: Any, a: Any, b: Any) -> Code:  # noqa: ARG001
    """Return the smaller of each two."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return a(a, b), codegen


@intrinsic  # type: ignore[untyped-decorator]
def plus_sign(typingctx: Any, total: Any, a: Any) -> Code:  # noqa: ARG001
    """Return the total and one more where a is above zero, one less where it is below."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        value, a_ = args
        zero, one = ir.Constant(a_.type, None), ir.Constant(a_.type, [1.0] * WIDTH)
        up = builder.select(builder.fcmp_ordered(">", a_, zero), builder.fadd(value, one), value)
        return builder.select(builder.fcmp_ordered("<", a_, zero), builder.fsub(up, one), up)

    return total(total, a), codegen


@intrinsic  # type: ignore[untyped-decorator]
def inverse_root(typingctx: Any, a: Any) -> Code:  # noqa: ARG001
    """Return 1 / sqrt(a), zero where a is; in single precision it may be an estimate refined to 2e-7 of it."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:  # noqa: ARG001
        zero, one = ir.Constant(args[0].type, None), ir.Constant(args[0].type, [1.0] * WIDTH)
        root = builder.call(_function(builder, "llvm.sqrt", args[0].type, 1), args, fastmath=("arcp",))
        inverse = builder.fdiv(one, root, flags=("arcp", "contract"))
        return builder.select(builder.fcmp_ordered(">", args[0], zero), inverse, zero)

    return a(a), codegen


def _place(context: Any, builder: Any, kind: Any, array: Any, first: Any) -> Any:
    pointer = builder.gep(context.make_array(kind)(context, builder, array).data, [first])
    return builder.bitcast(pointer, ir.VectorType(context.get_data_type(kind.dtype), WIDTH).as_pointer())


def _size(x: Any) -> int:
    return int(x.dtype.bitwidth) // 8


def _function(builder: Any, name: str, vector: Any, n: int) -> Any:
    suffix = f"v{WIDTH}f{32 if vector.element == ir.FloatType() else 64}"
    kind = ir.FunctionType(vector, [vector] * n)
    found = builder.module.globals.get(f"{name}.{suffix}")
    return found or ir.Function(builder.module, kind, f"{name}.{suffix}")
