"""What a feature is, and how to add one. Standard library only: importing this costs nothing.

**A feature** is one function in one file of this folder, and one test in ``tests/features``::

    # neurocli/features/line_length.py
    from __future__ import annotations
    import numpy as np
    from .define import feature

    @feature(unit="V", source="Esteller et al. (2001)", min_times=2)
    def line_length(x: np.ndarray) -> np.ndarray:
        '''Mean absolute difference of neighbouring samples. (numpydoc: shapes, units, edge cases, source)'''
        return np.abs(np.diff(x, axis=-1)).mean(axis=-1)

then ``python -m neurocli.features.index`` (a test keeps the index equal to the code; on a rebase conflict in
``index.json`` run it again), and the laws of ``tests/contracts/test_every_feature.py`` hold it.

* Positional arguments are quantities: ``x`` (..., n_channels, n_times), ``sfreq`` in Hz, ``ch_names``, or whatever is
  registered with `quantity`. Keyword-only arguments are settings; each has an annotation and a default.
* Annotations that YAML can say: ``bool int float str``, ``Literal[...]``, ``X | None``, ``list[X]``, ``tuple[X, ...]``,
  ``dict[str, X]``, ``PositiveInt PositiveFloat NonNegativeInt NonNegativeFloat`` (pydantic), ``Fraction TwoOrMore``
  (`settings`), ``Hertz Seconds Volts Band Span Bands`` (`neurocli.si`; frequencies and times above zero, a band at
  least). Import these names
  under ``if TYPE_CHECKING:`` only, for the engine runs without pydantic.
* What it returns is said by `per`, where the leading axes ``...`` are those of epochs:

  ========== ========================================== =======================================================
  per        values, without and with `parts`           columns
  ========== ========================================== =======================================================
  channel    (..., n_channels[, n_parts])               ``feature/part/channel``; each channel on its own
  node       (..., n_channels[, n_parts])               the same, but a channel's value depends on the others
  pair       (..., n_pairs[, n_parts])                  ``feature/part/a~b``, ``np.triu_indices(n, 1)`` order
  directed   (..., n_channels * (n_channels - 1)[, ..]) ``feature/part/a~b`` from a to b, row by row, no diagonal
  epoch      (...,[ n_parts])                           ``feature/part``
  array      (..., any, any)                            none
  ========== ========================================== =======================================================

  ``pairs=True`` is short for ``per="pair"``. Without parts the column is ``feature/channel``.
* `unit` is in V, s, Hz and numbers (``"V^2"``, ``"1/s"``, ``"1"``, ``"log10 V^2"``), or a function of the settings.
  V stands for the unit of the signal whatever it is. Settings reach `unit`, `parts` and `min_times` as one mapping:
  the feature's own by name, those of a quantity below its name (``given["psd"]["method"]``), and ``sfreq``,
  ``n_times``, ``n_channels`` where the engine asks.
* Leading axes are carried, never looped over; the input is not written to; NaN is the answer where the formula has
  none (constant channel), without a warning. The engine itself blanks what is not finite: series (``per="channel"``)
  or whole epochs (all other) with NaN or Inf are zeros when you see them, and NaN in the result.

**A quantity** is shared work, computed once a chunk for each different setting of it: `@quantity` on a function of
quantities and settings. ``@quantity(also=("freqs",))`` on ``psd`` says that it returns ``(psd, freqs)``, so that a
feature may ask for both by name. A feature's settings for it are nested: ``band_power: {psd: {method: multitaper}}``;
``@feature(presets={"psd": {"segment": 4.0}})`` changes the default for one feature.

**A compiled twin** is an equal function for another backend, in a file of ``features/kernels``::

    # neurocli/features/kernels/line_length.py
    from numba import njit
    from ..define import twin

    @twin("line_length", backend="cpu", tolerance={"float64": 1e-12, "float32": 1e-5})
    def line_length(x: np.ndarray) -> np.ndarray: ...  # calls an @njit(nogil=True, cache=True, error_model="numpy")

* The name is a feature's or a quantity's. It asks for quantities by argument name as the reference does, takes the
  same settings (or fewer), and gets ``x`` C-contiguous in the dtype of the run, not always float64. On ``cpu`` all
  that is passed between functions is NumPy (``torch.from_numpy`` and ``.numpy()`` are free); one thread a kernel.
* On ``cuda`` (files of ``features/cuda``) ``x`` and all that is passed between functions are tensors on the device,
  but for small tables such as ``freqs``. A function without a twin there gets arrays on the host instead.
* `tolerance` is relative, by dtype, and the contract test holds it against the reference; 0 means exactly equal.
* `when` says for which settings it holds; for others, the reference is used.
* **One fused pass for several features** is a quantity that only this backend has: ``@twin("time_statistics", ...)``
  returns all of them, and the twins of ``variance``, ``line_length``... take ``time_statistics`` and pick. The engine
  computes it once a chunk, like any quantity.

**A row of the benchmark** names what we compute and the best other library that does: a `Row` of
``features/peers/_row.py`` in the tuple ``ROWS`` of any file of ``features/peers``, which only the benchmark imports.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Given = Mapping[str, Any]
Per = Literal["channel", "node", "pair", "directed", "epoch", "array"]
Cost = Literal["linear", "spectral", "quadratic", "pairs", "matrix"]  # what the time of it grows like
Backend = Literal["reference", "cpu", "cuda"]
BACKENDS: tuple[Backend, ...] = ("reference", "cpu", "cuda")
ROOTS = ("x", "sfreq", "ch_names")  # what the engine is given; all else is computed
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A registered function: feature, quantity, or twin of one."""

    name: str
    func: Callable[..., Any]
    needs: tuple[str, ...]
    settings: dict[str, Any]  # name -> default
    types: dict[str, str]  # name -> annotation, as written
    unit: str | Callable[[Given], str] = "1"
    per: Per = "channel"
    parts: Sequence[str] | Callable[[Given], Sequence[str]] | None = None
    cost: Cost = "linear"
    source: str = ""
    version: int = 1
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)
    min_times: int | Callable[[Given], int] = 1
    libraries: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    tolerance: dict[str, float] = field(default_factory=dict)
    when: Callable[[Given], bool] | None = None
    backend: Backend = "reference"

    @property
    def module(self) -> str:
        """Where it is defined."""
        return self.func.__module__

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.func) or "").partition("\n")[0]


FEATURES: dict[str, Definition] = {}
QUANTITIES: dict[str, Definition] = {}
TWINS: dict[tuple[str, str], Definition] = {}  # (backend, name)
GIVERS: dict[str, str] = {}  # by-product -> the quantity that gives it: freqs -> psd


def _described(func: Callable[..., Any], name: str, **about: Any) -> Definition:
    """Read what a function needs and what can be set from its signature."""
    parameters = inspect.signature(func).parameters.values()
    keywords = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    needs = tuple(parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY)
    settings = {parameter.name: parameter.default for parameter in keywords}
    types = {parameter.name: str(parameter.annotation) for parameter in keywords}
    return Definition(name=name, func=func, needs=needs, settings=settings, types=types, **about)


def feature(
    *,
    unit: str | Callable[[Given], str],
    pairs: bool = False,
    per: Per = "channel",
    parts: Sequence[str] | Callable[[Given], Sequence[str]] | None = None,
    cost: Cost = "linear",
    source: str = "",
    version: int = 1,
    presets: dict[str, dict[str, Any]] | None = None,
    min_times: int | Callable[[Given], int] = 1,
    libraries: tuple[str, ...] = (),
) -> Callable[[Function], Function]:
    """Register a feature under the name of its function, which is returned unchanged.

    Parameters
    ----------
    unit : str or function of the settings
        Physical unit of the values.
    pairs : bool
        Short for ``per="pair"``.
    per : str
        What one column belongs to; see the table in the module.
    parts : sequence of str, or function of the settings
        Names along the last axis of the values, if it has that axis.
    cost : str
        Class of cost, for the plan.
    source : str
        Whose definition it is: the paper, or the library whose convention is followed.
    version : int
        Bumped by hand when the computation changes; enters the key.
    presets : dict
        Defaults of quantities that differ for this feature.
    min_times : int or function of the settings
        Fewest samples in time for which it is defined.
    libraries : tuple of str
        Distributions whose major.minor version enters the key.
    """

    def register(func: Function) -> Function:
        about = {"unit": unit, "per": "pair" if pairs else per, "parts": parts, "cost": cost, "source": source}
        more = {"version": version, "presets": presets or {}, "min_times": min_times, "libraries": libraries}
        FEATURES[func.__name__] = _described(func, func.__name__, **about, **more)
        return func

    return register


def quantity(*, also: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Register a quantity under the name of its function, which is returned unchanged.

    Parameters
    ----------
    also : tuple of str
        Names of what it returns beside itself: the function then returns a tuple, itself first.
    """

    def register(func: Function) -> Function:
        QUANTITIES[func.__name__] = _described(func, func.__name__, also=also)
        GIVERS.update(dict.fromkeys(also, func.__name__))
        return func

    return register


def twin(
    name: str,
    *,
    backend: Literal["cpu", "cuda"],
    tolerance: dict[str, float],
    when: Callable[[Given], bool] | None = None,
) -> Callable[[Function], Function]:
    """Register a function that computes the feature or quantity `name` on a backend; it is returned unchanged.

    Parameters
    ----------
    name : str
        Feature or quantity; a name that neither has is a quantity of this backend alone.
    backend : {"cpu", "cuda"}
        Where it runs.
    tolerance : dict
        Dtype -> largest relative disagreement with the reference; 0 for counts.
    when : function of the settings, optional
        True where it holds; elsewhere the reference is used.
    """

    def register(func: Function) -> Function:
        TWINS[backend, name] = _described(func, name, tolerance=tolerance, when=when, backend=backend)
        return func

    return register
