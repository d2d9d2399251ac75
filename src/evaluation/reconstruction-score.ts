/**
 * Reconstruction score: how much of what the activation does for the model's loss its reconstruction keeps.
 *
 *   loss recovered = (L_ablated − L_sae) / (L_ablated − L_clean)      every position replaced, losses averaged first
 *
 * Bricken et al. 2023, "reconstruction and ablation"; zero ablation is the paper's, mean ablation the harder baseline
 * (zero is "an especially bad baseline", so its score flatters). 1 is perfect, 0 as bad as the ablation; either can be
 * left. The mean of per-batch ratios, which some tools report, is another and noisier number.
 */

/** @returns null when ablation does not raise the loss: there is then nothing to recover. */
export function lossRecovered(ablated: number, sae: number, clean: number): number | null {
  const gap = ablated - clean;
  return gap > 1e-9 * Math.max(1, Math.abs(clean)) ? (ablated - sae) / gap : null;
}

/** The same on divergences from the clean model: (KL_ablated − KL_sae) / KL_ablated. */
export function klRecovered(ablated: number, sae: number): number | null {
  return ablated > 1e-9 ? (ablated - sae) / ablated : null;
}
