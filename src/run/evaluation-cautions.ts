/** What the files of dictionaries say that makes the numbers of an evaluation mean something else than they seem to. */

import type { Sae } from "../sae/dictionary.ts";

interface Named {
  readonly name: string;
  readonly sae: Pick<Sae, "metadata">;
}

/**
 * One line for each thing that the reader of the results has to know.
 * @param heldoutShare share of the documents that the evaluation takes; undefined when it takes them all
 */
export function evaluationCautions(saes: readonly Named[], heldoutShare: number | undefined): string[] {
  const cautions: string[] = [];
  const without = saes.filter(({ sae }) => sae.metadata["prepend_bos"] === false);
  if (without.length > 0) {
    cautions.push(
      `caution: ${names(without)} saw contexts without BOS in training (prepend_bos is false in cfg.json), and these ` +
        `numbers are on contexts that begin with it`,
    );
  }
  const smaller = saes.filter(({ sae }) => (heldoutShare ?? 0) > (shareOf(sae) ?? 1));
  if (smaller.length > 0) {
    cautions.push(
      `caution: ${names(smaller)} held out ${[...new Set(smaller.map(({ sae }) => shareOf(sae)))].join(", ")} of the ` +
        `documents in training, less than --heldout-share ${heldoutShare}: on the same text, documents trained on are ` +
        `among those that these numbers are from`,
    );
  }
  return cautions;
}

function names(saes: readonly Named[]): string {
  return saes.map(({ name }) => name).join(", ");
}

/** The share that training held out, where this program wrote it down. */
function shareOf({ metadata }: Pick<Sae, "metadata">): number | undefined {
  const own = metadata["monosemantic"];
  const share =
    typeof own === "object" && own !== null && "heldout_share" in own ? own.heldout_share : undefined;
  return typeof share === "number" ? share : undefined;
}
