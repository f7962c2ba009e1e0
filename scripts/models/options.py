"""What every recipe receives, and how it reports a model that is no good."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuildOptions:
    """Choices of the command line that apply to every model."""

    seed: int
    batch: int | str  # a number makes the dimension static, a name symbolic


class ModelQualityError(Exception):
    """The model was built, but is not fit to test the engine with."""
