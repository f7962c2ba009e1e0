"""The models that scripts/make_models.py can build.

To add one, write a module with a function `build(output, options)` that
writes the model into the folder `output` and returns the path of the ONNX
file, and enter it in RECIPES.
"""

from collections.abc import Callable
from pathlib import Path

from . import bert, gpt2, lenet5, mobilenet_v2, resnet50, vgg19, vit
from .options import BuildError, BuildOptions

Recipe = Callable[[Path, BuildOptions], Path]

RECIPES: dict[str, Recipe] = {
    "lenet5": lenet5.build,
    "resnet50": resnet50.build,
    "mobilenet_v2": mobilenet_v2.build,
    "vgg19": vgg19.build,
    "bert_base": bert.build_base,
    "bert_tiny": bert.build_tiny,
    "gpt2_small": gpt2.build_small,
    "gpt2_tiny": gpt2.build_tiny,
    "vit_base": vit.build_base,
    "vit_tiny": vit.build_tiny,
}

__all__ = ["RECIPES", "BuildError", "BuildOptions", "Recipe"]
