/** The training objectives by name. Equations and citations of each are in its file under `reference/`. */

export const OBJECTIVES = [
  "relu-l1",
  "april-2024",
  "topk",
  "batch-topk",
  "matryoshka",
  "jumprelu",
  "gated",
] as const;

export type ObjectiveName = (typeof OBJECTIVES)[number];

export const OBJECTIVE_MEANING: Readonly<Record<ObjectiveName, string>> = {
  "relu-l1": "ReLU with an L1 penalty and decoder rows of norm 1 (Bricken et al. 2023)",
  "april-2024": "ReLU with an L1 penalty weighted by free decoder norms (Anthropic, April 2024)",
  topk: "the k largest features of each token, with an auxiliary loss for dead ones (Gao et al. 2024)",
  "batch-topk": "k features per token on average, the largest of the batch (Bussmann et al. 2024)",
  matryoshka: "batch-topk whose first features also reconstruct on their own (Bussmann et al. 2025)",
  jumprelu: "a learned threshold per feature and a penalty on L0 (Rajamanoharan et al. 2024)",
  gated: "one path decides which features are active, another how much (Rajamanoharan et al. 2024)",
};

/** Where active features are found by rank, within a row or within the whole batch, and not by sign. */
export function rankedBy(objective: ObjectiveName): "row" | "batch" | undefined {
  if (objective === "topk") return "row";
  return objective === "batch-topk" || objective === "matryoshka" ? "batch" : undefined;
}
