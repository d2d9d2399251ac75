/**
 * From checked trials to the plan: groups that share a stream, texts, comparisons, parts. Nothing here reads a clock, a file or the
 * network, so the same request gives the same plan.
 */

import { UsageError } from "../errors.ts";
import { versions } from "../version.ts";
import { canonical } from "./canonical.ts";
import { comparisonsOf } from "./comparisons.ts";
import { factorsOf, factorValues, namesOf, sameTrial } from "./factors.ts";
import { groupTrials } from "./groups.ts";
import { partsOf, type UnforeseenPart } from "./parts.ts";
import type { Forecast, Group, Plan, Trial } from "./plan.ts";
import type { StudyRequest, TrialRequest } from "./study-request.ts";
import { textsFor } from "./texts.ts";

export type UnforeseenPlan = Omit<Plan, "parts"> & { readonly parts: readonly UnforeseenPart[] };

/**
 * The plan but for what each part will take.
 * @param members numbers of the trials of each group
 * @throws UsageError when two trials are the same, or one does not fit in the memory of a part
 */
export function draftPlan(
  request: StudyRequest,
  members: readonly (readonly number[])[] = groupTrials(request),
): UnforeseenPlan {
  const { title, question, threads, checkpointMinutes, memoryBytes, measures, trials } = request;
  refuseDuplicates(trials);
  const factors = factorsOf(trials, request.declared);
  const names = namesOf(
    factors,
    trials.map(({ label }) => label),
  );
  const { texts, ofGroup } = textsFor(
    members.map(([first]) => trials[first!]!),
    request.slices,
  );
  const groups = members.map((numbers, i): Group => ({
    name: `g${i + 1}`,
    trials: numbers.map((number) => names[number]!),
    stream: trials[numbers[0]!]!.stream,
    text: ofGroup[i]!,
  }));
  refuseSharedCaches(groups);
  const comparisons = measures.compare === null ? [] : comparisonsOf(trials, names);
  const plan: UnforeseenPlan = {
    format: 1,
    version: versions.monosemantic,
    title,
    question,
    threads,
    checkpointMinutes,
    memoryBytes,
    factors: factorValues(factors),
    trials: trials.map(({ dictionary, config }, i): Trial => ({
      name: names[i]!,
      factors: factors[i]!,
      dictionary,
      config,
      group: groups[members.findIndex((numbers) => numbers.includes(i))]!.name,
    })),
    texts,
    groups,
    comparisons,
    measures,
    parts: partsOf(texts, groups, comparisons, measures),
  };
  // As it will be read back: without fields that are undefined.
  return JSON.parse(JSON.stringify(plan)) as UnforeseenPlan;
}

/** @param forecasts of its parts, in their order */
export function completePlan(draft: UnforeseenPlan, forecasts: readonly Forecast[]): Plan {
  return { ...draft, parts: draft.parts.map((part, i) => ({ ...part, forecast: forecasts[i]! })) };
}

function refuseDuplicates(trials: readonly TrialRequest[]): void {
  if (trials.length === 0) throw new UsageError("the study has no trial");
  const known = new Map<string, string>();
  for (const { label, stream, options } of trials) {
    const key = canonical([stream, options]);
    const first = known.get(key);
    if (first !== undefined) throw sameTrial(first, label);
    known.set(key, label);
  }
}

/** Parts run at the same time, and a cache has one writer. */
function refuseSharedCaches(groups: readonly Group[]): void {
  for (const [cache, users] of Map.groupBy(groups, ({ stream }) => stream.cache)) {
    if (cache === undefined || users.length === 1) continue;
    throw new UsageError(
      `${users.length} groups (${users[0]!.name}, ${users[1]!.name}${users.length > 2 ? " …" : ""}) would write their activations ` +
        `to "cache" ${cache} at the same time: leave it out, or allow so much memory that one group is enough`,
    );
  }
}
