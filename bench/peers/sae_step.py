"""PyTorch's training step of a ReLU SAE with an L1 penalty, as its trainers do it: dense forward, autograd, the decoder's
gradient projected off its rows, Adam, rows scaled back to norm 1. In fp32, or with the products in bf16 by autocast.

    f = relu((x - b_dec) W_enc + b_enc),  x_hat = f W_dec + b_dec
    L = mean_B sum_d (x_hat - x)^2 + lambda mean_B sum_i f_i

    V/bin/python bench/peers/sae_step.py --alone      # or started by bench/sae_step.ts
"""

import contextlib

import torch
from serve import main

BATCH = 4096
CASES = {"512x4096": (512, 4096), "768x6144": (768, 6144)}
DTYPES = ["float32", "bfloat16"]
PENALTY = 1.0


def unit_rows(matrix: torch.Tensor) -> torch.Tensor:
    return matrix / matrix.norm(dim=1, keepdim=True)


def prepare(case: str, dtype: str):
    d_in, d_sae = CASES[case]
    generator = torch.Generator().manual_seed(0)
    W_dec = unit_rows(torch.randn(d_sae, d_in, generator=generator)).requires_grad_()
    W_enc = W_dec.detach().T.contiguous().requires_grad_()
    b_enc = torch.zeros(d_sae, requires_grad=True)
    b_dec = torch.zeros(d_in, requires_grad=True)
    optimizer = torch.optim.Adam([W_enc, W_dec, b_enc, b_dec], lr=1e-4, betas=(0.9, 0.999), fused=True)
    x = torch.randn(BATCH, d_in, generator=generator)

    def step() -> None:
        mixed = torch.autocast("cpu", dtype=torch.bfloat16) if dtype == "bfloat16" else contextlib.nullcontext()
        with mixed:
            acts = torch.relu((x - b_dec) @ W_enc + b_enc)
            reconstruction = acts @ W_dec + b_dec
        squared = (reconstruction.float() - x).pow(2).sum(-1).mean()
        loss = squared + PENALTY * acts.float().sum(-1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            W_dec.grad -= (W_dec.grad * W_dec).sum(1, keepdim=True) * W_dec
            optimizer.step()
            W_dec.copy_(unit_rows(W_dec))

    return step, BATCH


if __name__ == "__main__":
    main(prepare, list(CASES), DTYPES)
