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

    def require_positions(self, available: int) -> None:
        if self.sequence > available:
            raise UnfitOptionsError(f"--sequence {self.sequence}: at most {available} fit")

    def named(self, model: str) -> str:
        """The model's name, which says so where the opset is not the usual one."""
        return model if self.opset == DEFAULT_OPSET else f"{model}_op{self.opset}"


class BuildError(Exception):
    """There is no model, and the message says why."""


class UnfitOptionsError(BuildError):
    """The options ask for more than the model has."""


class ModelQualityError(BuildError):
    """The model was built, but is not fit to test the engine with."""
