/** Names of the dictionaries of a run, and the checks that they can share one stream. */

import { UsageError } from "../errors.ts";
import type { SaeOptions, SaeRequest } from "../sae/options.ts";
import { resolveOptions, widthOf } from "../sae/presets.ts";

export interface Dictionary {
  readonly name: string;
  readonly dSae: number;
  readonly options: SaeOptions;
}

/**
 * The dictionaries of a run, each with a name that says how it differs from the others.
 * @param given other names, in their order
 * @throws UsageError when two are the same, or they need batches of different sizes
 */
export function dictionariesOf(
  requests: readonly SaeRequest[],
  dIn: number,
  given?: readonly string[],
): Dictionary[] {
  const all = requests.map((request) => resolveOptions(request, dIn));
  const varies = (key: keyof SaeOptions) => new Set(all.map((options) => options[key])).size > 1;
  const [first] = all;
  for (const key of ["batch", "tokens"] as const) {
    if (varies(key))
      throw new UsageError(`the dictionaries of one run share a stream, so all need the same ${key}`);
  }
  const dictionaries = all.map((options, i) => {
    const parts = [
      ...(varies("objective") || options.objective !== "relu-l1" ? [options.objective] : []),
      `x${short(options.expansion)}`,
      ...(varies("k") ? [`k${options.k}`] : []),
      ...(varies("target_l0") ? [`l0-${short(options.target_l0)}`] : []),
      ...(varies("Lambda") && !varies("objective") ? [`L${short(options.Lambda)}`] : []),
      ...(varies("seed") ? [`seed${options.seed}`] : []),
    ];
    return { name: given?.[i] ?? parts.join("-"), dSae: widthOf(options, dIn), options };
  });
  const names = dictionaries.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined || !first)
    throw new UsageError(`two dictionaries of this run would be the same: ${twice}`);
  return dictionaries;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
