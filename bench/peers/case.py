"""A case that the driver wrote (bench/case-files.ts): the batch, the parameters and the numbers of one training step, so that
every contender takes the same step. Raw little-endian float32 beside case.json; matrices are [d_sae, d_in].
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch


@dataclass
class Case:
    d_in: int
    d_sae: int
    batch: int
    # None: ReLU with an L1 penalty; else TopK.
    k: int | None
    # L = mean_B sum_d (x_hat - x)^2 + Lambda mean_B sum_i f_i
    Lambda: float
    lr: float
    x: torch.Tensor
    W_enc: torch.Tensor
    W_dec: torch.Tensor
    b_enc: torch.Tensor
    b_dec: torch.Tensor


def load(folder: str) -> Case:
    numbers = json.loads((Path(folder) / "case.json").read_text())
    d_in, d_sae, batch = numbers["d_in"], numbers["d_sae"], numbers["batch"]

    def floats(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(numpy.fromfile(Path(folder) / f"{name}.f32", dtype="<f4").reshape(shape))

    return Case(
        **numbers,
        x=floats("x", batch, d_in),
        W_enc=floats("W_enc", d_sae, d_in),
        W_dec=floats("W_dec", d_sae, d_in),
        b_enc=floats("b_enc", d_sae),
        b_dec=floats("b_dec", d_in),
    )
