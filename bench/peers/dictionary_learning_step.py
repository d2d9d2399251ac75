"""dictionary_learning's own training step: `update` of its StandardTrainer or TopKTrainer on a batch that is there already.

    V/bin/python bench/peers/dictionary_learning_step.py --alone FOLDER      # or started by bench/sae-step.ts
"""

import os
from importlib.metadata import version

os.environ.setdefault("WANDB_MODE", "disabled")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch  # noqa: E402
from case import load  # noqa: E402
from dictionary_learning.trainers import StandardTrainer, TopKTrainer  # noqa: E402
from serve import main  # noqa: E402

STEPS = 100_000


def prepare(folder: str, dtype: str):
    if dtype != "float32":
        raise ValueError("its trainers know float32 only")
    case = load(folder)
    common = {
        "steps": STEPS,
        "activation_dim": case.d_in,
        "dict_size": case.d_sae,
        "layer": 0,
        "lm_name": "none",
        "lr": case.lr,
        "warmup_steps": 1,
        "device": "cpu",
    }
    if case.k is None:
        trainer = StandardTrainer(**common, l1_penalty=case.Lambda, sparsity_warmup_steps=None)
        b_dec = trainer.ae.bias
    else:
        trainer = TopKTrainer(**common, k=case.k)
        b_dec = trainer.ae.b_dec
    with torch.no_grad():
        trainer.ae.encoder.weight.copy_(case.W_enc)
        trainer.ae.encoder.bias.copy_(case.b_enc)
        trainer.ae.decoder.weight.copy_(case.W_dec.T)
        b_dec.copy_(case.b_dec)
        first_loss = trainer.loss(case.x, step=1).item()

    def step() -> float:
        # Step 0 of the TopK trainer would set b_dec, and after step 1000 a threshold is followed: neither is timed.
        trainer.update(1, case.x)
        return first_loss

    return step, case.batch


if __name__ == "__main__":
    main(prepare, [], ["float32"], info={"package": f"dictionary_learning {version('dictionary-learning')}"})
