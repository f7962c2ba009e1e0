"""What every recipe receives, and how it reports a model that is no good."""

from dataclasses import dataclass

DEFAULT_OPSET = 17
DEFAULT_SEQUENCE = 128


@dataclass(frozen=True)
class BuildOptions:
    """Choices of the command line that apply to every model."""

    seed: int
    batch: int | str  # a number makes the dimension static, a name symbolic
    # The rest is for transformers.
    sequence: int = DEFAULT_SEQUENCE  # tokens; symbolic when the batch is
    vocabulary: int | None = None  # tokens that exist; None: as many as the model is known for
    opset: int = DEFAULT_OPSET  # below 17, LayerNormalization is written out

    @property
    def is_symbolic(self) -> bool:
        return isinstance(self.batch, str)


class ModelQualityError(Exception):
    """The model was built, but is not fit to test the engine with."""
