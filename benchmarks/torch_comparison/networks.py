"""PyTorch's networks, with what is at their ends the same as in Mini-Infer's models.

Whatever the precision, images and outputs are float32 at the ends, images in the order NCHW: the
conversions are a part of the network, as they are on the other side. Weights are random.
"""

from copy import deepcopy
from functools import cache

import torch
import torchvision
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from .cases import IMAGE_SHAPE, TOKENS, Case

DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
SEED = 2024
CALIBRATION_BATCH = 8


class ImageNetwork(nn.Module):
    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model.to(dtype=dtype, memory_format=torch.channels_last)
        self.dtype = dtype

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images.to(self.dtype, memory_format=torch.channels_last)).float()


class TokenNetwork(nn.Module):
    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model.to(dtype)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        answer = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return answer.last_hidden_state.float()


def network(case: Case) -> nn.Module:
    """On the GPU, ready to be run."""
    dtype = DTYPES[case.precision]
    model = deepcopy(_model(case.model))
    ends = TokenNetwork if case.reads_tokens else ImageNetwork
    return ends(model, dtype).eval()


@cache
def _model(name: str) -> nn.Module:
    torch.manual_seed(SEED)
    if name == "bert_base":
        config = BertConfig()
        config._attn_implementation = "sdpa"
        return BertModel(config, add_pooling_layer=False).cuda().eval()
    model = getattr(torchvision.models, name)(weights=None).cuda()
    _calibrate(model)
    return model


def _calibrate(model: nn.Module) -> None:
    """Sets the statistics of normalisations, so that no activation explodes or vanishes."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.rand(CALIBRATION_BATCH, *IMAGE_SHAPE, device="cuda"))
    model.eval()


def host_inputs(case: Case) -> list[Tensor]:
    """In pinned memory; tokens are int64, and all of them are attended to."""
    torch.manual_seed(SEED)
    if not case.reads_tokens:
        return [torch.rand(case.batch, *IMAGE_SHAPE).pin_memory()]
    shape = (case.batch, TOKENS)
    ids = torch.randint(BertConfig().vocab_size, shape)
    mask, types = torch.ones(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.int64)
    return [tensor.pin_memory() for tensor in (ids, mask, types)]
