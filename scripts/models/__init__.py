"""The models that scripts/make_models.py can build.

To add one, write a module with a function `build(output, options)` that
writes the model into the folder `output` and returns the path of the ONNX
file, and enter it in RECIPES.
"""

from collections.abc import Callable
from pathlib import Path

from . import lenet5, mobilenet_v2, resnet50, vgg19
from .options import BuildOptions, ModelQualityError

Recipe = Callable[[Path, BuildOptions], Path]

RECIPES: dict[str, Recipe] = {
    "lenet5": lenet5.build,
    "resnet50": resnet50.build,
    "mobilenet_v2": mobilenet_v2.build,
    "vgg19": vgg19.build,
}

__all__ = ["RECIPES", "BuildOptions", "ModelQualityError", "Recipe"]
