"""Which models are compared, on which inputs, and how fast the project wants to be."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from .gates import SMALL_MODEL_AIM, SMALL_MODEL_GATE
from .outputs import Tensors

Random = np.random.Generator

IMAGE_SHAPE = (3, 224, 224)
BERT_TOKENS = 128
BERT_VOCABULARY = 30522
GPT2_LAYERS, GPT2_HEADS, GPT2_HEAD_WIDTH = 12, 12, 64
GPT2_PAST_TOKENS = 128
GPT2_VOCABULARY = 50257


@dataclass(frozen=True)
class Case:
    """One row of the comparison; a ratio is ONNX Runtime's time by ours."""

    title: str
    file: str  # below the folder of made models, or of the test data
    gate: float  # the least ratio
    aim: float
    make_inputs: Callable[[Random], Tensors] | None = None  # None: the test data's

    @property
    def is_test_data(self) -> bool:
        return self.make_inputs is None

    def path(self, models: Path, test_data: Path | None) -> Path | None:
        if self.is_test_data:
            return test_data / "models" / self.file / "model.onnx" if test_data else None
        return models / self.file

    def inputs(self, path: Path, seed: int) -> Tensors:
        if self.make_inputs is not None:
            return self.make_inputs(np.random.default_rng(seed))
        return _read_tensors(path.parent / "test_data_set_0")


def images(batch: int) -> Callable[[Random], Tensors]:
    def make(random: Random) -> Tensors:
        return {"input": random.standard_normal((batch, *IMAGE_SHAPE), dtype=np.float32)}

    return make


def bert_tokens(batch: int) -> Callable[[Random], Tensors]:
    def make(random: Random) -> Tensors:
        shape = (batch, BERT_TOKENS)
        return {
            "input_ids": random.integers(0, BERT_VOCABULARY, shape),
            "attention_mask": np.ones(shape, np.int64),
            "token_type_ids": np.zeros(shape, np.int64),
        }

    return make


def gpt2_step(random: Random) -> Tensors:
    cache = (1, GPT2_HEADS, GPT2_PAST_TOKENS, GPT2_HEAD_WIDTH)
    tensors = {"input_ids": random.integers(0, GPT2_VOCABULARY, (1, 1))}
    for layer in range(GPT2_LAYERS):
        for part in ("key", "value"):
            tensors[f"past_{part}_{layer}"] = random.standard_normal(cache, dtype=np.float32)
    return tensors


def small(title: str, file: str, make_inputs: Callable[[Random], Tensors] | None = None) -> Case:
    return Case(title, file, SMALL_MODEL_GATE, SMALL_MODEL_AIM, make_inputs)


CASES = [
    Case("ResNet-50, batch 1", "resnet50.onnx", 0.95, 1.15, images(1)),
    Case("ResNet-50, batch 8", "resnet50.onnx", 0.95, 1.15, images(8)),
    Case("MobileNetV2, batch 1", "mobilenet_v2.onnx", 0.95, 1.1, images(1)),
    Case("MobileNetV2 as exported", "tv_mobilenet_v2_rand_op13", 0.95, 1.1),
    Case("BERT-base, 128 tokens, batch 1", "bert_base.onnx", 1.1, 1.25, bert_tokens(1)),
    Case("BERT-base, 128 tokens, batch 8", "bert_base.onnx", 1.1, 1.25, bert_tokens(8)),
    small("ViT-B/16, batch 1", "vit_base.onnx", images(1)),
    small("GPT-2 small, one step after 128 tokens", "gpt2_small.onnx", gpt2_step),
    small("ViT, 4 layers", "tv_vit_tiny4l_op17"),
    small("GPT, 4 layers, one step with its cache", "gen_gptkv_4l256_op17"),
    small("PP-OCR direction", "ch_ppocr_mobile_v2.0_cls_infer"),
    small("UltraFace", "ultraface_RFB-320"),
    small("DTLN, part 2", "dtln_2"),
]


def _read_tensors(folder: Path) -> Tensors:
    messages = []
    for index in range(len(list(folder.glob("input_*.pb")))):
        message = onnx.TensorProto()
        message.ParseFromString((folder / f"input_{index}.pb").read_bytes())
        messages.append(message)
    return {message.name: numpy_helper.to_array(message) for message in messages}
