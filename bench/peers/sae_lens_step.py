"""sae_lens's own training step: its trainer's `step` on a batch that is there already, with its optimiser, gradient clipping
and counters of dead features. Its decoder rows keep no norm of 1 while training (StandardTrainingSAE, TopKTrainingSAE).

Variants: "dense"; for TopK also "sparse", its option `use_sparse_activations`.

    V/bin/python bench/peers/sae_lens_step.py --alone FOLDER      # or started by bench/sae-step.ts
"""

import os

os.environ.setdefault("WANDB_MODE", "disabled")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import sae_lens  # noqa: E402
import torch  # noqa: E402
from case import load  # noqa: E402
from sae_lens import (  # noqa: E402
    StandardTrainingSAE,
    StandardTrainingSAEConfig,
    TopKTrainingSAE,
    TopKTrainingSAEConfig,
)
from sae_lens.config import LoggingConfig, SAETrainerConfig  # noqa: E402
from sae_lens.training.sae_trainer import SAETrainer  # noqa: E402
from serve import main  # noqa: E402

STEPS = 100_000


def prepare(folder: str, dtype: str, variant: str = "dense"):
    case = load(folder)
    common = {"d_in": case.d_in, "d_sae": case.d_sae, "apply_b_dec_to_input": True}
    if case.k is None:
        sae = StandardTrainingSAE(StandardTrainingSAEConfig(**common, l1_coefficient=case.Lambda))
    else:
        sparse = variant == "sparse"
        sae = TopKTrainingSAE(TopKTrainingSAEConfig(**common, k=case.k, use_sparse_activations=sparse))
    with torch.no_grad():
        sae.W_enc.copy_(case.W_enc.T)
        sae.W_dec.copy_(case.W_dec)
        sae.b_enc.copy_(case.b_enc)
        sae.b_dec.copy_(case.b_dec)
    trainer = SAETrainer(
        SAETrainerConfig(
            total_training_samples=STEPS * case.batch,
            train_batch_size_samples=case.batch,
            device="cpu",
            autocast=dtype == "bfloat16",
            lr=case.lr,
            lr_end=case.lr / 10,
            lr_scheduler_name="constant",
            lr_warm_up_steps=0,
            lr_decay_steps=0,
            adam_beta1=0.9,
            adam_beta2=0.999,
            dead_feature_window=STEPS,
            feature_sampling_window=STEPS,
            n_checkpoints=0,
            checkpoint_path=None,
            n_restart_cycles=1,
            save_final_checkpoint=False,
            logger=LoggingConfig(log_to_wandb=False),
        ),
        sae,
        data_provider=iter(()),
    )

    def step() -> float:
        output = trainer.step(case.x)
        trainer.n_training_steps += 1
        return output.loss.item()

    return step, case.batch


if __name__ == "__main__":
    info = {"package": f"sae_lens {sae_lens.__version__}"}
    main(prepare, [], ["float32", "bfloat16"], ["dense", "sparse"], info)
