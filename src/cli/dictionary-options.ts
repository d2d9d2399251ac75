/**
 * The options of a dictionary as a command line gives them: some take several values, and every combination is trained on
 * the same stream of activations. What is not given comes from the preset.
 */

import { z } from "zod";
import { UsageError } from "../errors.ts";
import { PRESETS, saeOptions, saeRequest, type SaeOptions, type SaeRequest } from "../sae/options.ts";
import { resolveOptions } from "../sae/presets.ts";
import type { Section } from "./command.ts";
import { formatValue } from "./values.ts";

const several = <T extends z.ZodType>(type: T) => z.array(type).min(1).optional();

/** The options whose values span the grid, slowest-changing first. */
const GRID = ["objective", "expansion", "k", "target_l0", "lambda", "Lambda", "seed"] as const;

const { objective, expansion, k, target_l0, lambda, Lambda, seed, tokens } = saeOptions.shape;

/** λ and Λ: one of them. */
const ONE_COEFFICIENT = [
  (options: { lambda?: unknown; Lambda?: unknown }) =>
    options.lambda === undefined || options.Lambda === undefined,
  { error: "--lambda and --Lambda say the same thing in two units: give one of them" },
] as const;

const wholeTokens = z.int().positive().optional().describe(tokens.description!);

const schema = saeRequest
  .extend({
    objective: several(objective).describe(objective.description!),
    k: several(k).describe(k.description!),
    target_l0: several(target_l0).describe(target_l0.description!),
    expansion: several(expansion).describe(expansion.description!),
    tokens: wholeTokens,
    lambda: several(lambda).describe(lambda.description!),
    Lambda: several(Lambda).describe(Lambda.description!),
    seed: several(seed).describe(`${seed.description!}; the first one also shuffles the text`),
  })
  .refine(...ONE_COEFFICIENT);

export type DictionaryOptions = z.output<typeof schema>;

export const DICTIONARY = {
  title: "Dictionary (several values by comma: one dictionary for each combination, all on one stream)",
  schema,
  defaults: presetDefault,
} satisfies Section;

/** The same options with one value each. */
export const ONE_DICTIONARY = {
  title: "Dictionary",
  schema: saeRequest.extend({ tokens: wholeTokens }).refine(...ONE_COEFFICIENT),
  defaults: presetDefault,
} satisfies Section;

function isGridKey(key: string): boolean {
  return (GRID as readonly string[]).includes(key);
}

/** Every combination of the given values, as one request each. */
export function gridOf(options: DictionaryOptions): SaeRequest[] {
  const single = Object.fromEntries(Object.entries(options).filter(([key]) => !isGridKey(key))) as SaeRequest;
  let grid: SaeRequest[] = [single];
  for (const key of GRID) {
    const values = options[key];
    if (values === undefined) continue;
    if (new Set<unknown>(values).size < values.length) {
      throw new UsageError(
        `--${key} ${values.join(",")} names a value twice: every dictionary of a run has to differ`,
      );
    }
    grid = grid.flatMap((request) => values.map((value) => ({ ...request, [key]: value })));
  }
  return grid;
}

/** "1e-3; bricken-2023 and neel-2023: 1e-4": for the help. Λ depends on the width of the activation and has none. */
function presetDefault(key: string): string | undefined {
  if (key === "preset") return PRESETS[0];
  if (key === "Lambda") return undefined;
  const valueOf = (preset: (typeof PRESETS)[number]) =>
    shown(resolveOptions({ preset }, 512)[key as keyof SaeOptions]);
  const own = valueOf(PRESETS[0]);
  const others = new Map<string, string[]>();
  for (const preset of PRESETS.slice(1)) {
    const value = valueOf(preset);
    if (value !== own) others.set(value, [...(others.get(value) ?? []), preset]);
  }
  const differing = [...others].map(([value, presets]) => `${presets.join(" and ")}: ${value}`);
  return differing.length === 0 ? own : `${own}; ${differing.join("; ")}`;
}

function shown(value: unknown): string {
  return typeof value === "boolean" ? (value ? "on" : "off") : formatValue(value);
}
