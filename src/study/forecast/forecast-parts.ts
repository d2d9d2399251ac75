/**
 * What every part of a plan will take before any of it starts: seconds, bytes of memory, bytes of disk.
 *
 * Seconds come from counts of what a part does (forward-work.ts, training-work.ts, part-seconds.ts) and the rates of a machine
 * (speed.ts); they are within one and a half times of what it takes where the machine does nothing else (bench/forecast.ts). What a
 * part has to wait for, in a queue or for others, is not among them.
 */

import type { Forecast, Part } from "../plan.ts";
import { groupWork, type GroupWork, type PlanToForecast, streamWork } from "./group-work.ts";
import { type ModelShapes, modelShapes } from "./model-shape.ts";
import {
  checkpointBytes,
  compareDisk,
  explainDisk,
  measureDisk,
  reportDisk,
  tokensDisk,
  trainDisk,
} from "./part-disk.ts";
import {
  compareMemory,
  explainMemory,
  measureMemory,
  reportMemory,
  tokeniseMemory,
  trainMemory,
} from "./part-memory.ts";
import {
  compareSeconds,
  explainSeconds,
  joinSeconds,
  measureSeconds,
  reportSeconds,
  tokeniseSeconds,
  trainSeconds,
} from "./part-seconds.ts";
import { ASSUMED_GPU_FLOPS, type Speed, withThreads } from "./speed.ts";

/**
 * The forecast of every part, by its name.
 * @param speed of the machine that will do the work
 * @throws Failure when a model's config.json cannot be had; UsageError for options that are not possible
 */
export async function forecastParts(
  plan: PlanToForecast,
  speed: Speed,
): Promise<ReadonlyMap<string, Forecast>> {
  const models = await modelShapes(plan);
  const rates = speed.threads === plan.threads ? speed : withThreads(speed, plan.threads);
  const groups = new Map(plan.groups.map((group) => [group.name, groupWork(plan, group, models)]));
  const forecast = (part: PlanToForecast["parts"][number]) => forecastPart(plan, part, groups, models, rates);
  return new Map(plan.parts.map((part) => [part.name, forecast(part)]));
}

function forecastPart(
  plan: PlanToForecast,
  part: Omit<Part, "forecast">,
  groups: ReadonlyMap<string, GroupWork>,
  models: ModelShapes,
  speed: Speed,
): Forecast {
  const { threads, measures, trials, checkpointMinutes } = plan;
  switch (part.stage) {
    case "tokenise":
    case "join": {
      const text = plan.texts.find(({ name }) => name === part.subject)!;
      const work = streamWork(text.stream, models);
      const all = text.trainTokens + text.heldoutTokens;
      if (part.stage === "join" && text.slices > 1) {
        return forecastOf(joinSeconds(work, all), tokeniseMemory(0, 0), tokensDisk(work, 0));
      }
      const tokens = all / text.slices;
      return forecastOf(
        tokeniseSeconds(work, tokens, speed),
        tokeniseMemory(tokens, threads),
        tokensDisk(work, tokens),
      );
    }
    case "train": {
      const work = groups.get(part.subject)!;
      const seconds = trainSeconds(work, speed, checkpointMinutes, checkpointBytes(work));
      return forecastOf(seconds, trainMemory(work, threads), trainDisk(work));
    }
    case "measure": {
      const work = groups.get(part.subject)!;
      return forecastOf(
        measureSeconds(work, speed, measures),
        measureMemory(work, threads, measures),
        measureDisk(work, measures),
      );
    }
    case "explain": {
      const work = groups.get(part.subject)!;
      const explain = measures.explain!;
      return forecastOf(
        explainSeconds(work, speed, explain, checkpointMinutes),
        explainMemory(work, threads, explain),
        explainDisk(work, measures),
      );
    }
    case "compare": {
      const { a, b } = plan.comparisons.find(({ name }) => name === part.subject)!;
      const side = (trial: string) => groups.get(trials.find(({ name }) => name === trial)!.group)!;
      const both = [side(a), side(b)] as const;
      const { tokens } = measures.compare!;
      const features = both[0].dictionaries.find(({ name }) => name === a)!.dSae;
      return forecastOf(
        compareSeconds(both, [a, b], tokens, speed),
        compareMemory(both, threads, tokens),
        compareDisk(features),
      );
    }
    case "report":
      return forecastOf(
        reportSeconds(trials.length, speed),
        reportMemory(trials.length),
        reportDisk(trials.length),
      );
  }
}

function forecastOf(seconds: number, memoryBytes: number, diskBytes: number): Forecast {
  return {
    seconds: Number(seconds.toPrecision(3)),
    memoryBytes: Math.ceil(memoryBytes),
    diskBytes: Math.ceil(diskBytes),
  };
}

/** One sentence where a forecast rests on an assumption instead of a measurement; undefined where it does not. */
export function forecastAssumption(plan: Pick<PlanToForecast, "groups">, speed: Speed): string | undefined {
  const onGpu = plan.groups.some(({ stream: { device } }) => device !== undefined && device !== "cpu");
  if (!onGpu) return undefined;
  const flops = speed.gpuFlops ?? ASSUMED_GPU_FLOPS;
  return (
    `training on a GPU is forecast from its floating-point operations at ${(flops / 1e12).toFixed(0)} TFLOP/s, which is ` +
    `${speed.gpuFlops === undefined ? "assumed: nothing was measured on one" : "what the profile says"}`
  );
}
