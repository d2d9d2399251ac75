"""PyTorch's training step of an SAE, as fast as it could be made by hand: ReLU with an L1 penalty, or TopK.

    f = relu((x - b_dec) W_enc + b_enc), of which TopK keeps the k largest of a row;  x_hat = f W_dec + b_dec
    L = mean_B sum_d (x_hat - x)^2 + Lambda mean_B sum_i f_i  (TopK: Lambda = 0)
    gradient -> component along each decoder row removed -> Adam -> decoder rows scaled back to norm 1

Variants, of which the driver takes the fastest:
    eager      the gradient written out: five products, in place, without the copies that autograd keeps
    compiled   the same with its masking of [batch, d_sae] fused by torch.compile (needs a C++ compiler). Compiling Adam with
               projection and renormalisation fails in torch 2.13, and the fused Adam leaves little to gain
    autograd   the forward pass as trainers write it, less the sixth product that a b_dec in front of the encoder costs
    sparse     after the encoder product only the active entries, by CSR products. No trainer does this on a CPU

In float32, or with bfloat16 products from float32 master weights: "autograd" by autocast, the others with bfloat16
activations and gradients. Left out, in PyTorch's favour: counters of what fired, schedules, checks for NaN.

    V/bin/python bench/peers/sae_step.py --alone FOLDER      # or started by bench/sae-step.ts
"""

import contextlib

import torch
from case import Case, load
from serve import main
from torch import Tensor
from torch.nn import functional as F

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
VARIANTS = ["eager", "compiled", "autograd", "sparse"]
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def mask(dF: Tensor, f: Tensor, sparsity: float) -> tuple[Tensor, Tensor]:
    """dL/dz, and its sum over the batch, db_enc."""
    dF = torch.where(f > 0, dF + sparsity, 0)
    return dF, dF.sum(0)


def mask_in_place(dF: Tensor, f: Tensor, sparsity: float) -> tuple[Tensor, Tensor]:
    dF.add_(sparsity)
    torch.ops.aten.threshold_backward.grad_input(dF, f, 0, grad_input=dF)
    return dF, dF.sum(0)


class Parameters:
    def __init__(self, case: Case):
        self.W_enc, self.W_dec, self.b_enc, self.b_dec = (
            tensor.clone() for tensor in (case.W_enc, case.W_dec, case.b_enc, case.b_dec)
        )

    def all(self) -> list[Tensor]:
        return [self.W_enc, self.W_dec, self.b_enc, self.b_dec]


class HandWritten:
    """Forward and backward in five products."""

    def __init__(self, case: Case, dtype: torch.dtype, compiled: bool):
        self.case, self.dtype = case, dtype
        self.parameters = Parameters(case)
        shape = (case.batch, case.d_sae)
        self.z = torch.empty(shape, dtype=dtype)
        self.dF = torch.empty(shape, dtype=dtype)
        matrix = (case.d_sae, case.d_in)
        self.dW_enc = torch.empty(matrix, dtype=dtype)
        self.dW_dec = torch.empty(matrix, dtype=dtype)
        self.mask = torch.compile(mask) if compiled else mask_in_place
        self.optimizer = adam(self.parameters.all(), case.lr)

    @torch.no_grad()
    def __call__(self) -> float:
        case, dtype, p = self.case, self.dtype, self.parameters
        W_enc, W_dec = p.W_enc.to(dtype), p.W_dec.to(dtype)
        centred = (case.x - p.b_dec).to(dtype)
        z = torch.addmm(p.b_enc.to(dtype), centred, W_enc.T, out=self.z)
        if case.k is None:
            f = z.relu_()
            # By rows: a sum of all in float32 would copy what is bfloat16.
            l1 = f.sum(1).sum(dtype=torch.float32)
        else:
            values, indices = torch.topk(z, case.k, sorted=False)
            f, l1 = z.zero_().scatter_(1, indices, values.relu_()), 0
        residual = torch.addmm(p.b_dec, f, W_dec) if dtype == torch.float32 else (f @ W_dec).float().add_(p.b_dec)
        residual.sub_(case.x)
        loss = residual.square().sum()
        g = residual.mul_(2 / case.batch)
        g_low = g.to(dtype)
        torch.mm(f.T, g_low, out=self.dW_dec)
        torch.mm(g_low, W_dec.T, out=self.dF)
        if case.k is None:
            dF, db_enc = self.mask(self.dF, f, case.Lambda / case.batch)
        else:
            gradients = self.dF.gather(1, indices).mul_(values > 0)
            dF = self.dF.zero_().scatter_(1, indices, gradients)
            db_enc = torch.zeros(case.d_sae).index_add_(0, indices.flatten(), gradients.flatten().float())
        torch.mm(dF.T, centred, out=self.dW_enc)
        db_enc = db_enc.float()
        db_dec = g.sum(0).sub_(db_enc @ p.W_enc)
        self.apply(self.dW_enc, self.dW_dec, db_enc, db_dec)
        return float(loss + case.Lambda * l1) / case.batch

    def apply(self, dW_enc: Tensor, dW_dec: Tensor, db_enc: Tensor, db_dec: Tensor) -> None:
        p = self.parameters
        for tensor, gradient in zip(p.all(), (dW_enc, dW_dec, db_enc, db_dec), strict=True):
            tensor.grad = gradient.float()
        project_step_renormalise(p.W_dec, self.optimizer)


class Sparse:
    """The step from the active entries alone: [batch, d_sae] exists for the encoder product and its compaction."""

    def __init__(self, case: Case):
        self.case = case
        self.parameters = Parameters(case)
        self.z = torch.empty(case.batch, case.d_sae)
        self.optimizer = adam(self.parameters.all(), case.lr)

    def active(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Starts of rows, features and values of the active entries."""
        batch, k = self.case.batch, self.case.k
        if k is None:
            f = z.relu_().to_sparse_csr()
            return f.crow_indices(), f.col_indices(), f.values()
        values, features = torch.topk(z, k, sorted=False)
        return torch.arange(0, batch * k + 1, k), features.flatten(), values.relu_().flatten()

    @torch.no_grad()
    def __call__(self) -> float:
        case, p = self.case, self.parameters
        shape = (case.batch, case.d_sae)
        centred = case.x - p.b_dec
        z = torch.addmm(p.b_enc, centred, p.W_enc.T, out=self.z)
        starts, features, values = self.active(z)
        residual = (torch.sparse_csr_tensor(starts, features, values, shape) @ p.W_dec).add_(p.b_dec).sub_(case.x)
        loss = residual.square().sum() + case.Lambda * values.sum()
        g = residual.mul_(2 / case.batch)
        pattern = torch.sparse_csr_tensor(starts, features, torch.zeros_like(values), shape)
        pulled = torch.sparse.sampled_addmm(pattern, g, p.W_dec.T, beta=0).values()
        pulled.add_(case.Lambda / case.batch).mul_(values > 0)
        # The same entries by feature.
        order = torch.argsort(features, stable=True)
        rows = torch.repeat_interleave(torch.arange(case.batch), starts.diff())[order]
        ends = F.pad(torch.bincount(features, minlength=case.d_sae).cumsum(0), (1, 0))

        def by_feature(entries: Tensor) -> Tensor:
            return torch.sparse_csr_tensor(ends, rows, entries[order], (case.d_sae, case.batch))

        p.W_dec.grad = by_feature(values) @ g
        p.W_enc.grad = by_feature(pulled) @ centred
        p.b_enc.grad = torch.zeros(case.d_sae).index_add_(0, features, pulled)
        p.b_dec.grad = g.sum(0).sub_(p.b_enc.grad @ p.W_enc)
        project_step_renormalise(p.W_dec, self.optimizer)
        return float(loss) / case.batch


class Autograd:
    """The step as trainers write it, less what costs without need: b_dec reaches the encoder through its bias."""

    def __init__(self, case: Case, dtype: torch.dtype):
        self.case, self.dtype = case, dtype
        self.parameters = Parameters(case)
        for tensor in self.parameters.all():
            tensor.requires_grad_()
        self.optimizer = adam(self.parameters.all(), case.lr)

    def __call__(self) -> float:
        case, p = self.case, self.parameters
        low = self.dtype == torch.bfloat16
        with torch.autocast("cpu", dtype=torch.bfloat16) if low else contextlib.nullcontext():
            z = F.linear(case.x, p.W_enc, p.b_enc - p.W_enc @ p.b_dec)
            if case.k is None:
                f = torch.relu(z)
            else:
                values, indices = torch.topk(z, case.k, sorted=False)
                f = torch.zeros_like(z).scatter_(1, indices, torch.relu(values))
            x_hat = f @ p.W_dec + p.b_dec
        loss = (x_hat.float() - case.x).square().sum(-1).mean()
        if case.k is None:
            loss = loss + case.Lambda * f.sum(-1, dtype=torch.float32).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            project_step_renormalise(p.W_dec, self.optimizer)
        return loss.item()


def adam(parameters: list[Tensor], lr: float) -> torch.optim.Adam:
    return torch.optim.Adam(parameters, lr=lr, betas=(BETA1, BETA2), eps=EPSILON, fused=True)


def project_step_renormalise(W_dec: Tensor, optimizer: torch.optim.Optimizer) -> None:
    W_dec.grad.addcmul_(torch.linalg.vecdot(W_dec.grad, W_dec).unsqueeze(1), W_dec, value=-1)
    optimizer.step()
    W_dec.div_(torch.linalg.vector_norm(W_dec, dim=1, keepdim=True))


def prepare(folder: str, dtype: str, variant: str = "eager"):
    case = load(folder)
    if variant == "autograd":
        return Autograd(case, DTYPES[dtype]), case.batch
    if variant == "sparse":
        return Sparse(case), case.batch
    return HandWritten(case, DTYPES[dtype], compiled=variant == "compiled"), case.batch


if __name__ == "__main__":
    main(prepare, list(DTYPES), VARIANTS)
