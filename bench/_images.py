"""Image steps beside the same call by hand, on a simulated head: N4, the brain, registration to MNI space."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

Pair = tuple[str, Callable[[], object], str, Callable[[], object]]
T1 = {"subject": "01", "datatype": "anat", "suffix": "T1w"}
RESOLUTION, SKULL_RESOLUTION = 4, 3  # mm


def pairs() -> Iterator[Pair]:
    """Yield the name of a step, the step, what the peer is and the peer, each side on one thread."""
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"  # ITK reads it once, when it is loaded
    yield _bias()
    yield _brain()
    yield _place("affine", "Affine")
    yield _place("syn", "SyN")


def _bias() -> Pair:
    import numpy as np

    from neurocli.preprocessing._mri import spaces
    from neurocli.preprocessing.bias_correct import BiasCorrect

    head = _head(_bias_field)
    image = spaces.to_ants(head, head.data)
    mask = spaces.to_ants(head, head.data > 0.01 * np.percentile(head.data, 99))
    options: dict[str, Any] = {"shrink_factor": 4, "convergence": {"iters": [50] * 4, "tol": 1e-7}}
    ants = spaces.ants()
    return (
        "bias_correct", lambda: BiasCorrect().run(head),
        "ants.n4_bias_field_correction", lambda: ants.n4_bias_field_correction(image, mask=mask, **options).numpy(),
    )  # fmt: skip


def _brain() -> Pair:
    import nibabel
    from brainextractor import BrainExtractor

    from neurocli.preprocessing.brain_extract import BrainExtract

    head = _with_skull()
    image = nibabel.Nifti1Image(head.data, head.affine)
    with redirect_stdout(StringIO()):
        BrainExtractor(image).run(iterations=1)  # compiled before its turns, which take long

    def peer() -> object:
        found = BrainExtractor(image)
        found.run()
        return found.compute_mask()

    return "brain_extract", lambda: BrainExtract().run(head), "brainextractor", peer


def _place(how: Any, theirs: str) -> Pair:
    from neurocli.preprocessing._mri import spaces
    from neurocli.preprocessing.normalize import Normalize

    head = _head(_turned)
    step = Normalize(how=how, resolution=RESOLUTION)
    fixed, moving, ants = spaces.template_image(RESOLUTION), spaces.to_ants(head, head.data), spaces.ants()

    def peer() -> object:
        with tempfile.TemporaryDirectory() as name:
            found = ants.registration(fixed, moving, type_of_transform=theirs, outprefix=f"{Path(name)}/")
            return found["warpedmovout"].numpy()

    return f"normalize: {how}", lambda: step.run(head), "ants.registration", peer


def _head(change: Callable[[Any, Any], Any]) -> Any:
    """Return the T1 of MNI space without skull, changed and with a little noise."""
    import numpy as np

    from neurocli.data.recording import Image
    from neurocli.preprocessing._mri import spaces

    t1, mask, affine = spaces.template(RESOLUTION)
    x = change(np.where(mask, t1 * 100, 0), affine)
    x += np.where(x > 0, np.random.default_rng(0).normal(0, 1, x.shape), 0)
    return Image(x.clip(0).astype(np.float32), affine, T1)


def _bias_field(x: Any, affine: Any) -> Any:
    import numpy as np

    del affine
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in x.shape], indexing="ij")
    return x * np.exp(0.5 * i - 0.4 * j**2 + 0.3 * k)


def _turned(x: Any, affine: Any) -> Any:
    import numpy as np
    from scipy.ndimage import affine_transform
    from scipy.spatial.transform import Rotation

    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (4, -6, 8), degrees=True).as_matrix() * 1.05
    matrix[:3, 3] = 6, -5, 4  # mm
    return affine_transform(x, np.linalg.inv(affine) @ np.linalg.inv(matrix) @ affine, order=1)


def _with_skull() -> Any:
    import numpy as np
    from scipy.ndimage import binary_dilation

    from neurocli.data.recording import Image
    from neurocli.preprocessing._mri import spaces

    t1, mask, affine = spaces.template(SKULL_RESOLUTION)
    fluid, bone, skin = (binary_dilation(mask, iterations=n) for n in (2, 4, 6))
    x = np.where(mask, t1 * 100, np.where(fluid, 15, np.where(bone, 3, np.where(skin, 90, 0))))
    x += np.random.default_rng(0).normal(0, 1, x.shape)
    return Image(x.astype(np.float32), affine, T1)
