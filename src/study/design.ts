/**
 * Which trials a study has: every combination of a grid, draws from a space, or a list, and any of these together; each of them once
 * for every seed. Values stand here as the author wrote them; whether an option takes them is decided where options are known.
 */

import { UsageError } from "../errors.ts";
import { Random } from "../random.ts";

/** Option → what was written for it. null: not given, also where the shared options give it. */
export type Settings = Readonly<Record<string, unknown>>;

/** A list to choose from, each as likely as the others, or a range. */
export type Space =
  | readonly unknown[]
  | {
      readonly from: number;
      readonly to: number;
      /** Uniform in the number, or in its logarithm. */
      readonly scale: "linear" | "log";
      readonly integer?: boolean | undefined;
    };

export interface RandomDesign {
  readonly trials: number;
  readonly seed: number;
  readonly space: Readonly<Record<string, Space>>;
}

export interface Design {
  readonly base: Settings;
  readonly grids: readonly Readonly<Record<string, readonly unknown[]>>[];
  readonly random: RandomDesign | null;
  readonly trials: readonly Settings[];
  /** Values of the option `seed`; null: whatever `base`, grids and trials say. */
  readonly seeds: readonly number[] | null;
}

export interface DesignedTrial {
  /** For messages: "trial 3 of the grid (expansion 8, seed 1)". */
  readonly label: string;
  readonly settings: Settings;
}

/** Digits of a drawn number: enough for any hyperparameter, and it can be typed again. */
const DIGITS = 4;

/** Draws in vain after which a space is taken to be used up. */
const TRIES = 1000;

/** More are a mistake, such as one more option in a grid; they would fill the memory before they are seen. */
const MOST_TRIALS = 100_000;

/** Every trial, in the order grid, random, list; seeds change fastest. One with the shared options alone when there is none of these. */
export function expandDesign(design: Design): DesignedTrial[] {
  refuseTooMany(design);
  const found = [
    ...numbered(design.grids.flatMap(product), "of the grid"),
    ...numbered(design.random === null ? [] : draw(design.random), "of the random search"),
    ...numbered(design.trials, "of the list"),
  ];
  const all = found.length === 0 ? [{ label: "the only trial", settings: {} }] : found;
  return all.flatMap(({ label, settings }) =>
    (design.seeds ?? [undefined]).map((seed) => {
      const own = seed === undefined ? settings : { ...settings, seed };
      const words = Object.entries(own).map(([key, value]) => `${key} ${shown(value)}`);
      return {
        label: words.length === 0 ? label : `${label} (${words.join(", ")})`,
        settings: withoutNull({ ...design.base, ...own }),
      };
    }),
  );
}

/** The options that grids, spaces and lists speak of, in the order of the file; seeds last. */
export function declaredOptions({ grids, random, trials, seeds }: Design): string[] {
  const records = [...grids, ...(random === null ? [] : [random.space]), ...trials];
  return [
    ...new Set([...records.flatMap((record) => Object.keys(record)), ...(seeds === null ? [] : ["seed"])]),
  ];
}

function refuseTooMany({ grids, random, trials, seeds }: Design): void {
  const sizes = grids.map((grid) => Object.values(grid).reduce((size, values) => size * values.length, 1));
  const designed = sizes.reduce((sum, size) => sum + size, (random?.trials ?? 0) + trials.length);
  const count = designed * (seeds?.length ?? 1);
  if (count <= MOST_TRIALS) return;
  throw new UsageError(
    `the study has ${count.toLocaleString("en")} trials, expected at most ${MOST_TRIALS.toLocaleString("en")}: give fewer ` +
      `values, or draw some of the combinations with "random"`,
  );
}

function numbered(all: readonly Settings[], where: string): DesignedTrial[] {
  return all.map((settings, i) => ({ label: `trial ${i + 1} ${where}`, settings }));
}

function product(grid: Readonly<Record<string, readonly unknown[]>>): Settings[] {
  return Object.entries(grid).reduce<Settings[]>(
    (all, [key, values]) => all.flatMap((settings) => values.map((value) => ({ ...settings, [key]: value }))),
    [{}],
  );
}

/** Each option has a stream of its own, so one more option leaves the values of the others as they are. */
function draw({ trials, seed, space }: RandomDesign): Settings[] {
  const streams = Object.entries(space).map(
    ([key, values]) => [key, values, Random.of(seed, `random search: ${key}`)] as const,
  );
  const drawn = new Map<string, Settings>();
  for (let tries = 0; drawn.size < trials; tries++) {
    if (tries > TRIES + 100 * trials) {
      throw new UsageError(
        `random: the space gives only ${drawn.size} different trials and ${trials} are asked for: ask for fewer, or widen it`,
      );
    }
    const settings = Object.fromEntries(streams.map(([key, values, random]) => [key, one(values, random)]));
    const known = JSON.stringify(settings);
    if (!drawn.has(known)) drawn.set(known, settings);
  }
  return [...drawn.values()];
}

function one(space: Space, random: Random): unknown {
  if (isList(space)) return space[random.integer(space.length)];
  const { from, to, scale, integer } = space;
  const u = random.uniform();
  if (integer === true && scale === "linear") return from + Math.floor(u * (to - from + 1));
  const value = scale === "log" ? from * (to / from) ** u : from + (to - from) * u;
  return integer === true ? Math.round(value) : Number(value.toPrecision(DIGITS));
}

function isList(space: Space): space is readonly unknown[] {
  return Array.isArray(space);
}

function withoutNull(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
