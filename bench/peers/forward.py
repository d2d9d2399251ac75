"""PyTorch's forward pass at DistilGPT-2's shape (random weights) to the last MLP's activations, without unembedding:
blocks.5.mlp.hook_post of [batch, context] tokens. Eager PyTorch with its own fused attention, layer norm and GELU.

    V/bin/python bench/peers/forward.py --alone      # or started by bench/forward.ts
"""

import torch
import torch.nn.functional as F
from serve import main

N_LAYER, D_MODEL, N_HEAD, D_MLP, VOCAB, POSITIONS = 6, 768, 12, 3072, 50257, 1024
CASES = {"8x128": (8, 128), "4x512": (4, 512)}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Block(torch.nn.Module):
    def __init__(self, last: bool):
        super().__init__()
        self.ln_1 = torch.nn.LayerNorm(D_MODEL)
        self.c_attn = torch.nn.Linear(D_MODEL, 3 * D_MODEL)
        self.attn_out = torch.nn.Linear(D_MODEL, D_MODEL)
        self.ln_2 = torch.nn.LayerNorm(D_MODEL)
        self.c_fc = torch.nn.Linear(D_MODEL, D_MLP)
        self.mlp_out = None if last else torch.nn.Linear(D_MLP, D_MODEL)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, context, _ = x.shape
        heads = self.c_attn(self.ln_1(x)).view(batch, context, 3, N_HEAD, D_MODEL // N_HEAD)
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_out(z.transpose(1, 2).reshape(batch, context, D_MODEL))
        post = F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh")
        return post if self.mlp_out is None else x + self.mlp_out(post)


class ToLastMlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = torch.nn.Embedding(VOCAB, D_MODEL)
        self.wpe = torch.nn.Embedding(POSITIONS, D_MODEL)
        self.blocks = torch.nn.ModuleList(Block(last=i == N_LAYER - 1) for i in range(N_LAYER))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return x


def random_model() -> ToLastMlp:
    """GPT-2's initialisation: N(0, 0.02) for matrices and embeddings, zero biases."""
    torch.manual_seed(0)
    model = ToLastMlp()
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.02)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)
    return model.eval()


models: dict[str, ToLastMlp] = {}


def prepare(case: str, dtype: str):
    if dtype not in models:
        models[dtype] = random_model().to(DTYPES[dtype])
    model = models[dtype]
    batch, context = CASES[case]
    tokens = torch.randint(VOCAB, (batch, context), generator=torch.Generator().manual_seed(1))

    def step() -> None:
        with torch.inference_mode():
            model(tokens)

    return step, batch * context


if __name__ == "__main__":
    main(prepare, list(CASES), list(DTYPES))
