"""Which models are compared, on which shapes and in which precisions."""

from dataclasses import dataclass

IMAGE_SHAPE = (3, 224, 224)
TOKENS = 128
TOKEN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

MODELS = ("resnet50", "mobilenet_v2", "bert_base")
BATCHES = (1, 8, 32)
PRECISIONS = ("fp32", "tf32", "fp16", "bf16")


@dataclass(frozen=True)
class Case:
    """One row of the comparison."""

    model: str
    batch: int
    precision: str

    @property
    def title(self) -> str:
        return f"{self.model}:{self.batch}:{self.precision}"

    @property
    def reads_tokens(self) -> bool:
        return self.model == "bert_base"

    @property
    def shapes(self) -> str:
        """As `mini-infer bench --shapes` wants them."""
        if self.reads_tokens:
            return ",".join(f"{name}:{self.batch}x{TOKENS}" for name in TOKEN_INPUTS)
        return "input:" + "x".join(map(str, (self.batch, *IMAGE_SHAPE)))


def parse_case(text: str) -> Case:
    """MODEL:BATCH:PRECISION; a ValueError says what is wrong with others."""
    model, batch, precision = text.split(":")
    if model not in MODELS or precision not in PRECISIONS:
        raise ValueError(f"no case {text}")
    return Case(model, int(batch), precision)
