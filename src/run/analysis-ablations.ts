/** Ablations of the contexts on which units are strongest, computed once for all of them and kept in the store. */

import { ablateContexts, type AblationRequest } from "../experiments/ablation.ts";
import { openLiveModel } from "../model/live-model.ts";
import type { StoredAblation } from "../store/store.ts";
import type { AnalysedSet, FindingsContext } from "./analysis-findings.ts";
import type { RunHooks } from "./request.ts";

/** Next tokens listed each way. */
const TOP = 5;
/** Units whose results are held at once. */
const GROUP = 512;

/** Takes each unit away from its `count` highest contexts. */
export async function storeAblations(
  { subject, engine, store }: FindingsContext,
  { name, units, tally, reader }: AnalysedSet,
  saes: readonly string[],
  count: number,
  hooks: RunHooks,
): Promise<void> {
  if (count === 0) return;
  const { source, shards } = subject;
  const live = await openLiveModel(engine, source.model, reader.hook, { maxTokens: source.context });
  hooks.onPhase?.(`${name}: ablations`, units.count, `${units.kind}s`);
  try {
    for (let first = 0; first < units.count; first += GROUP) {
      const requests: (AblationRequest & { split: "train" | "heldout"; context: number })[] = [];
      const read = new Map<string, Int32Array>();
      for (let unit = first; unit < Math.min(units.count, first + GROUP); unit++) {
        const examples = tally
          .unit(unit)
          .examples.filter(({ group }) => group === "top")
          .slice(0, count);
        for (const { split, context, positions, values } of examples) {
          const key = `${split} ${context}`;
          const tokens = read.get(key) ?? shards[split].read(context, 1);
          read.set(key, tokens);
          requests.push({
            unit,
            split,
            context,
            tokens,
            positions,
            values,
          });
        }
      }
      // Those of one context share its pass through the model.
      requests.sort((a, b) => (a.split === b.split ? a.context - b.context : a.split < b.split ? -1 : 1));
      const results = new Map<number, StoredAblation[]>();
      await ablateContexts(
        live,
        units,
        requests,
        (i, ablation) => {
          const { unit, split, context } = requests[i]!;
          const list = results.get(unit) ?? [];
          list.push({ split, context, ...ablation });
          results.set(unit, list);
        },
        { top: TOP, ...(hooks.signal && { signal: hooks.signal }) },
      );
      const tokenText = (id: number) => source.model.tokenizer.tokenText(id);
      for (const [unit, ablations] of results) {
        for (const sae of saes) store.putAblations(sae, units.kind, unit, ablations, tokenText);
      }
      hooks.onProgress?.(Math.min(units.count, first + GROUP));
    }
  } finally {
    await live.close();
  }
}
