/** Settings of an experiment that generates text, read from an address and written into one. */

import type { GenerationRequest, Intervention } from "../../api.ts";

/** Bricken et al. 2023 pin features while the model continues this. */
export const COUNTING = "1,2,3,4,5,6,7,8,9,10";

export const PROMPTS: readonly (readonly [words: string, prompt: string])[] = [
  ["1,2,3,…,10", COUNTING],
  ["Once upon a time", "Once upon a time"],
  ["The most important", "The most important thing is"],
  ["function (", "function ("],
];

export const LIMITS = {
  tokens: { min: 1, max: 2048, step: 1 },
  temperature: { min: 0, max: 10, step: 0.1 },
  topP: { min: 0.01, max: 1, step: 0.05 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
} as const;

/** The server takes as many. */
export const MOST_INTERVENTIONS = 32;
const LARGEST = 1e6;

export const DEFAULTS: GenerationRequest = {
  prompt: COUNTING,
  interventions: [],
  tokens: 40,
  temperature: 1,
  topP: 1,
  seed: 0,
};

type Query = Readonly<Record<string, string | undefined>>;

/** What the address says; defaults where it says nothing, or nothing that could be sent. */
export function settingsOf(query: Query, defaults: GenerationRequest = DEFAULTS): GenerationRequest {
  const { tokens, temperature, topP, seed } = LIMITS;
  return {
    prompt: query["prompt"] ?? (query["no-prompt"] === undefined ? defaults.prompt : ""),
    interventions: query["with"] === undefined ? defaults.interventions : parseInterventions(query["with"]),
    tokens: Math.round(within(query["tokens"], tokens, defaults.tokens)),
    temperature: within(query["temperature"], temperature, defaults.temperature),
    topP: within(query["top-p"], topP, defaults.topP),
    seed: Math.round(within(query["seed"], seed, defaults.seed)),
  };
}

/** Changes of an address that say these settings; defaults are not said. */
export function queryOf(
  settings: GenerationRequest,
  defaults: GenerationRequest = DEFAULTS,
): Readonly<Record<string, string | null>> {
  const unless = (value: string, standard: string) => (value === standard ? null : value);
  const { prompt } = settings;
  return {
    with: unless(formatInterventions(settings.interventions), formatInterventions(defaults.interventions)),
    prompt: prompt === defaults.prompt || prompt === "" || prompt.length > LONGEST_IN_ADDRESS ? null : prompt,
    // An empty parameter is left out of an address, and an empty prompt is one of its own.
    "no-prompt": prompt === "" && defaults.prompt !== "" ? "yes" : null,
    tokens: unless(String(settings.tokens), String(defaults.tokens)),
    temperature: unless(String(settings.temperature), String(defaults.temperature)),
    "top-p": unless(String(settings.topP), String(defaults.topP)),
    seed: unless(String(settings.seed), String(defaults.seed)),
  };
}

/** Longer texts do not stand in the address: browsers and logs cut it. */
export const LONGEST_IN_ADDRESS = 1800;

/** "f123_clamp_7.7*n5_add_-2"; "none" for none, since an empty parameter is left out. */
export function formatInterventions(interventions: readonly Intervention[]): string {
  if (interventions.length === 0) return "none";
  return interventions
    .map(({ kind, index, mode, value }) => `${kind === "neuron" ? "n" : "f"}${index}_${mode}_${value}`)
    .join("*");
}

/** Leaves out what is no intervention. */
export function parseInterventions(text: string): readonly Intervention[] {
  return text
    .split("*")
    .flatMap((part): Intervention[] => {
      const match = /^([fn])(\d{1,9})_(clamp|add)_(-?\d[\d.e+-]*)$/.exec(part);
      if (match === null) return [];
      const value = Number(match[4]);
      if (!Number.isFinite(value) || Math.abs(value) > LARGEST) return [];
      return [
        {
          kind: match[1] === "n" ? "neuron" : "feature",
          index: Number(match[2]),
          mode: match[3] === "add" ? "add" : "clamp",
          value,
        },
      ];
    })
    .slice(0, MOST_INTERVENTIONS);
}

/** A number out of a field or address, brought within its limits. */
export function within(
  text: string | undefined,
  { min, max }: { readonly min: number; readonly max: number },
  otherwise: number,
): number {
  if (text === undefined || text.trim() === "") return otherwise;
  const value = Number(text.replace(",", "."));
  return Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : otherwise;
}

/** Ends of a slider in multiples of the maximum; wider where the value is beyond them. */
export function sliderRange(mode: Intervention["mode"], multiple: number): readonly [number, number] {
  const [low, high] = mode === "clamp" ? [0, 3] : [-3, 3];
  return [Math.min(low, Math.floor(multiple)), Math.max(high, Math.ceil(multiple))];
}

/** Three digits: what a slider can mean. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The place from which two texts differ; null while they do not. */
export function firstDifference(a: readonly string[], b: readonly string[]): number | null {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) return at;
  return null;
}
