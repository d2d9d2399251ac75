/** A group of a plan with everything that follows from its request: what the forecasts of its parts are made of. */

import type { ModelConfig } from "../../model/config.ts";
import type { HookPoint } from "../../model/hooks.ts";
import { type Dictionary, dictionariesOf } from "../../run/grid.ts";
import { HARVEST_TOKENS } from "../../run/source.ts";
import { stepsOf } from "../../sae/presets.ts";
import type { Group, Plan, StreamRequest, Text } from "../plan.ts";
import { type CutWork, cutWork } from "./forward-work.ts";
import { contextOf, hookOf, modelKey, type ModelShapes, parametersOf } from "./model-shape.ts";

/** Plan without its forecasts: what they are made from. */
export type PlanToForecast = Pick<
  Plan,
  "threads" | "checkpointMinutes" | "trials" | "texts" | "groups" | "comparisons" | "measures"
> & { readonly parts: readonly Omit<Plan["parts"][number], "forecast">[] };

export interface StreamWork {
  readonly stream: StreamRequest;
  readonly config: ModelConfig;
  readonly hook: HookPoint;
  readonly context: number;
  readonly cut: CutWork;
  /** Bytes of the model's weights, and of one token in a shard. */
  readonly modelBytes: number;
  readonly tokenBytes: number;
}

export interface GroupWork extends StreamWork {
  readonly group: Group;
  readonly dictionaries: readonly Dictionary[];
  /** Tokens of the stream that each of its dictionaries is trained on, and of the text. */
  readonly tokens: number;
  readonly text: Pick<Text, "trainTokens" | "heldoutTokens">;
}

export function streamWork(stream: StreamRequest, models: ModelShapes): StreamWork {
  const config = models.get(modelKey(stream))!;
  const hook = hookOf(config, stream.hook);
  const context = contextOf(config, stream.context);
  return {
    stream,
    config,
    hook,
    context,
    cut: cutWork(config, hook, context),
    modelBytes: 4 * parametersOf(config),
    tokenBytes: config.vocabSize <= 65536 ? 2 : 4,
  };
}

/** @throws UsageError for options of a dictionary that are not possible */
export function groupWork(plan: PlanToForecast, group: Group, models: ModelShapes): GroupWork {
  const work = streamWork(group.stream, models);
  const trials = group.trials.map((name) => plan.trials.find((trial) => trial.name === name)!);
  const dictionaries = dictionariesOf(
    trials.map(({ dictionary }) => dictionary),
    work.hook.dIn,
    group.trials,
  );
  const { options } = dictionaries[0]!;
  const text = plan.texts.find(({ name }) => name === group.text);
  return {
    ...work,
    group,
    dictionaries,
    tokens: stepsOf(options) * options.batch,
    text: text ?? {
      trainTokens: options.tokens + HARVEST_TOKENS,
      heldoutTokens: group.stream.evaluationTokens,
    },
  };
}
