/**
 * Which trials are trained together: those that read the same stream of activations in batches of the same size, as many of them as
 * fit in the memory of one part. What comes out for a trial does not depend on it: the stream has a seed of its own.
 */

import { Failure, UsageError } from "../errors.ts";
import { bufferBytes, describeForecast, memoryOf } from "../run/memory.ts";
import { GIB } from "../sae/memory.ts";
import { canonical } from "./canonical.ts";
import type { StudyRequest, TrialRequest } from "./study-request.ts";

/** Numbers of the trials of each group, in the order of their first ones. */
export function groupTrials({ trials, threads, memoryBytes, groupSize }: StudyRequest): number[][] {
  const numbers = trials.map((_, i) => i);
  const shared = Map.groupBy(numbers, (i) => {
    const { stream, options } = trials[i]!;
    return canonical([stream, options.batch, options.tokens]);
  });
  const groups = [...shared.values()].flatMap((members) => {
    const cut: number[][] = [];
    let left = 0;
    for (const i of members) {
      const { own, rest } = bytesOf(trials[i]!, threads, memoryBytes);
      const last = cut.at(-1);
      if (last !== undefined && own <= left && last.length < (groupSize ?? Infinity)) {
        last.push(i);
        left -= own;
      } else {
        cut.push([i]);
        left = memoryBytes - rest - own;
      }
    }
    return cut;
  });
  return groups.sort((a, b) => a[0]! - b[0]!);
}

/** What the dictionary takes, and what its run takes without it. @throws UsageError when that is more than there may be */
function bytesOf(
  { label, options, stream, model }: TrialRequest,
  threads: number,
  memoryBytes: number,
): { own: number; rest: number } {
  const forecast = whole();
  const { dictionaries, total } = forecast;
  if (total > memoryBytes) {
    throw new UsageError(
      `${label} needs about ${describeForecast(forecast)} and a part may take ${(memoryBytes / GIB).toFixed(1)} GiB: allow ` +
        `more with "memory", or lower expansion, batch or bufferMb`,
    );
  }
  return { own: dictionaries[0]!, rest: total - dictionaries[0]! };

  function whole() {
    try {
      return memoryOf([{ options }], model.dIn, threads, {
        buffer: bufferBytes(stream, options, model.dIn),
        model: model.bytes,
      });
    } catch (error) {
      if (error instanceof Failure) throw new UsageError(`${label}: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
