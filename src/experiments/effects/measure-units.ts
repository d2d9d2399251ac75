/** Every measure of some units of one kind, in the model that they were read in. */

import { setImmediate } from "node:timers/promises";
import type { Engine } from "../../engine/engine.ts";
import { wholeLogitWeights } from "../../features/logits/logit-weights.ts";
import type { Units } from "../../features/units.ts";
import type { Cut, CutModel } from "../../model/cut.ts";
import { ablationEffects } from "./ablation-effects.ts";
import { MEASURE_NAMES, type UnitEffects } from "./measures.ts";
import { type FollowingTokens, UnitFollowers } from "./next-tokens.ts";
import type { EffectsOptions } from "./options.ts";
import { pinnedTexts } from "./pinned-texts.ts";
import { type ActiveTokens, highest, mostActiveTokens, type ReadText } from "./read-text.ts";
import { ablationMeasures, followerMeasures, mostPromoted, pinnedMeasures } from "./unit-effects.ts";

/** Tokens that stand for a unit: those it is most active on, and those it promotes most. */
const TOP = 10;

export interface MeasureRequest {
  readonly engine: Engine;
  /** For sampling: one worker, see `openStepper`. */
  readonly sampler: Engine;
  readonly model: CutModel;
  readonly cut: Cut;
  readonly units: Units;
  readonly chosen: readonly number[];
  readonly columns: readonly ActiveTokens[];
  readonly text: ReadText;
  /** Of that text. */
  readonly following: FollowingTokens;
  readonly prompts: readonly Int32Array[];
  readonly options: EffectsOptions;
  /** Name of the set: draws for one are not those for another. */
  readonly name: string;
  readonly onPhase?: (phase: string, total: number, unit: string) => void;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** In the order of `chosen`. The same request gives the same bits. */
export async function measureUnits(request: MeasureRequest): Promise<UnitEffects[]> {
  const { engine, sampler, model, cut, units, chosen, columns, text, following, prompts, options, name } =
    request;
  const { onPhase, onProgress, signal } = request;
  if (chosen.length === 0) return [];
  const hooks = { ...(onProgress && { onProgress }), signal };
  onPhase?.("ablations", chosen.length * options.ablationContexts, "contexts");
  const ablations = await ablationEffects({
    engine,
    model,
    cut,
    units,
    chosen,
    columns,
    text,
    contexts: options.ablationContexts,
    seed: options.seed,
    purpose: name,
    ...hooks,
  });
  onPhase?.("next tokens", chosen.length, "units");
  const directions = chosen.map((unit) => units.direction(unit));
  const weights = await wholeLogitWeights(engine, model, cut.hook, directions);
  const counted: Partial<UnitEffects>[] = [];
  for (const place of chosen.keys()) {
    // A dense unit takes a tenth of a second: timers must fire and Ctrl-C be heard in between.
    await setImmediate();
    signal?.throwIfAborted();
    const followers = new UnitFollowers(following, columns[place]!);
    counted.push(followerMeasures(following, followers, weights && weights[place]!, ablations[place]!));
    onProgress?.(place + 1);
  }
  onPhase?.("pinned sampling", (chosen.length + 1) * prompts.length, "texts");
  const sampled = await pinnedTexts({
    engine: sampler,
    model,
    hook: cut.hook,
    units,
    chosen,
    values: columns.map((column) => options.pin * highest(column)),
    prompts,
    tokens: options.sampledTokens,
    seed: options.seed,
    ...hooks,
  });
  return chosen.map((_, place) => {
    const other = chosen.length > 1 ? sampled.pinned[(place + 1) % chosen.length]! : null;
    const found: Partial<UnitEffects> = {
      ...ablationMeasures(ablations[place]!),
      ...counted[place],
      ...pinnedMeasures({
        own: sampled.pinned[place]!,
        plain: sampled.plain,
        other,
        place,
        topTokens: mostActiveTokens(text, columns[place]!, TOP),
        promoted: weights && mostPromoted(weights[place]!, following, TOP),
      }),
    };
    return Object.fromEntries(
      MEASURE_NAMES.map((measure) => [measure, found[measure] ?? null]),
    ) as UnitEffects;
  });
}
