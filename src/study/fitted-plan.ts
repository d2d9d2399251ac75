/**
 * The plan whose groups fit in the memory of a part at every stage: cut for training first, and where analysing or explaining a group
 * would take more, once more.
 */

import { completePlan, draftPlan, type UnforeseenPlan } from "./make-plan.ts";
import { forecastParts } from "./forecast/forecast-parts.ts";
import type { Speed } from "./forecast/speed.ts";
import { groupTrials } from "./groups.ts";
import type { Forecast, Plan } from "./plan.ts";
import type { StudyRequest } from "./study-request.ts";

/** Of what a trial takes by itself: a group of some that takes no more than this is cut in vain. */
const HARDLY_MORE = 1.25;

/** @throws UsageError as `draftPlan`, Failure as `forecastParts` */
export async function fittedPlan(request: StudyRequest, speed: Speed): Promise<Plan> {
  let members = groupTrials(request);
  let alone: readonly number[] | undefined;
  for (;;) {
    const draft = draftPlan(request, members);
    const forecasts = await forecastParts(draft, speed);
    const bytes = bytesOf(draft, forecasts);
    const large = members.filter((numbers, i) => numbers.length > 1 && bytes[i]! > request.memoryBytes);
    if (large.length > 0) alone ??= await bytesAlone(request, speed);
    const cut = members.flatMap((numbers, i) => {
      const least = Math.max(...numbers.map((number) => alone?.[number] ?? 0));
      const allowed = Math.max(request.memoryBytes, HARDLY_MORE * least);
      return bytes[i]! > allowed ? halves(numbers) : [numbers];
    });
    if (cut.length === members.length) {
      return completePlan(
        draft,
        draft.parts.map((part) => forecasts.get(part.name)!),
      );
    }
    members = cut;
  }
}

/** What the largest part behind the training of each group takes. */
function bytesOf({ groups, parts }: UnforeseenPlan, forecasts: ReadonlyMap<string, Forecast>): number[] {
  return groups.map(({ name }) => {
    const own = parts.filter(
      ({ stage, subject }) => (stage === "measure" || stage === "explain") && subject === name,
    );
    return Math.max(...own.map((part) => forecasts.get(part.name)!.memoryBytes));
  });
}

/** The same for each trial, were it a group of its own. */
async function bytesAlone(request: StudyRequest, speed: Speed): Promise<number[]> {
  const draft = draftPlan(
    request,
    request.trials.map((_, i) => [i]),
  );
  return bytesOf(draft, await forecastParts(draft, speed));
}

function halves(numbers: readonly number[]): number[][] {
  if (numbers.length === 1) return [[...numbers]];
  const half = Math.ceil(numbers.length / 2);
  return [numbers.slice(0, half), numbers.slice(half)];
}
