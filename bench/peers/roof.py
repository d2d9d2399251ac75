"""What the machine gives PyTorch at best: "gemm", the float32 (or bfloat16) product 4096 x 768 x 24576 into memory that is
there already; "triad", a = b + s c over arrays far larger than any cache. Started by bench/roof.ts.
"""

import torch
from serve import main

BATCH, D_IN, D_SAE = 4096, 768, 24576
TRIAD = 1 << 26


def prepare(case: str, dtype: str):
    kind = torch.float32 if dtype == "float32" else torch.bfloat16
    if case == "triad":
        a, b, c = (torch.ones(TRIAD) for _ in range(3))

        def triad() -> None:
            torch.add(b, c, alpha=3.0, out=a)

        return triad, TRIAD
    x, W, z = (torch.ones(shape, dtype=kind) for shape in ((BATCH, D_IN), (D_SAE, D_IN), (BATCH, D_SAE)))

    def product() -> None:
        torch.mm(x, W.T, out=z)

    return product, BATCH


if __name__ == "__main__":
    main(prepare, ["gemm", "triad"], ["float32", "bfloat16"])
