/** Analyses drawn at random, as large as wanted: units with all that a record can hold, and the contexts of their examples. */

import type {
  AnalysisRecord,
  Example,
  Histogram,
  StoredContext,
  TokenShare,
  UnitRecord,
} from "../../src/features/records.ts";
import type { UnitKind } from "../../src/features/units.ts";
import { Random } from "../../src/random.ts";
import type { ListQuery } from "../../src/store/listing.ts";
import type { Store } from "../../src/store/store.ts";

export interface Shape {
  readonly count: number;
  readonly kind?: UnitKind;
  readonly seed?: number;
  readonly vocabulary?: number;
  /** Contexts of the train split, and tokens of each. */
  readonly contexts?: number;
  readonly context?: number;
  readonly examples?: number;
  /** Every so many units one that never fired. */
  readonly dead?: number;
}

export const TOKENS_ANALYSED = 1_000_000;

export function analysisOf(
  { count, kind = "feature", context = 32 }: Shape,
  finished = "2025-01-01T00:00:00.000Z",
): AnalysisRecord {
  return {
    kind,
    count,
    hook: "blocks.0.mlp.hook_post",
    tokens: { train: TOKENS_ANALYSED - 1_000, heldout: 1_000, sample: 1_000 },
    context,
    alive: count,
    proxies: ["arabic"],
    seconds: 1,
    finished,
    version: "0.0.0",
  };
}

export function contextsOf({
  contexts = 64,
  context = 32,
  seed = 0,
  vocabulary = 500,
}: Shape): StoredContext[] {
  const random = Random.of(seed, "contexts");
  return Array.from({ length: contexts }, (_, number) => ({
    split: "train" as const,
    context: number,
    tokens: Int32Array.from({ length: context }, () => random.integer(vocabulary)),
  }));
}

export function unitOf(index: number, shape: Shape): UnitRecord {
  const { kind = "feature", seed = 0, vocabulary = 500, dead = 0 } = shape;
  const random = Random.of(seed, `unit ${index}`);
  const isDead = dead > 0 && index % dead === dead - 1;
  const active = isDead ? 0 : 1 + random.integer(TOKENS_ANALYSED / 10);
  const max = isDead ? 0 : Math.fround(random.uniform() * 8 + 0.1);
  const shares = (count: number): TokenShare[] =>
    Array.from({ length: count }, () => ({
      token: random.integer(vocabulary),
      active: 1 + random.integer(100),
      occurred: 100 + random.integer(1000),
      mean: random.uniform(),
    }));
  const weights = (sign: number) =>
    Array.from({ length: 10 }, (_, i) => ({
      token: random.integer(vocabulary),
      value: sign * (10 - i + random.uniform()),
    }));
  const near = (count: number) =>
    Array.from({ length: count }, () => ({ index: random.integer(shape.count), value: random.uniform() }));
  return {
    kind,
    index,
    statistics: {
      tokens: TOKENS_ANALYSED,
      active,
      density: active / TOKENS_ANALYSED,
      mean: isDead ? 0 : max * random.uniform(),
      max,
      histogram: histogram(random, 48, max / 48, isDead ? 0 : 1000),
    },
    singleToken: isDead ? null : random.uniform() < 0.2,
    peaks: [],
    tokenAnalysis: { tokens: isDead ? [] : shares(15), entropy: isDead ? null : random.uniform() * 9 },
    logits: {
      top: weights(1),
      bottom: weights(-1),
      histogram: histogram(random, 50, 0.5, 100, -12),
      path: "exact",
    },
    alignment: near(3),
    nearest: { decoder: near(5), activation: near(5), neurons: near(3) },
    proxies: [
      {
        name: "arabic",
        sensitivity: random.uniform(),
        specificity: [null, 0.5, 1],
        precision: 0.5,
        weightedPrecision: 0.75,
        recall: 0.25,
      },
    ],
    map: [random.normal(), random.normal()],
    examples: isDead ? [] : examples(random, shape, max),
  };
}

function examples(
  random: Random,
  { contexts = 64, context = 32, examples: count = 12 }: Shape,
  max: number,
): Example[] {
  return Array.from({ length: count }, (_, i) => {
    const group = i < count / 2 ? "top" : i < count - 1 ? "interval" : "random";
    const positions = Array.from({ length: context }, (__, t) => t).filter(() => random.uniform() < 0.15);
    const position = positions.at(-1) ?? 0;
    const values = positions.map(() => Math.fround(max * random.uniform()));
    return {
      split: "train" as const,
      context: random.integer(contexts),
      group,
      interval: group === "interval" ? random.integer(11) : null,
      position,
      document: random.integer(100_000),
      value: values.at(-1) ?? 0,
      positions,
      values,
    };
  });
}

function histogram(random: Random, bins: number, width: number, scale: number, start = 0): Histogram {
  return { start, width, counts: Array.from({ length: bins }, () => random.integer(scale + 1)) };
}

/** Token 7 is " t7"; the first ones are as awkward as tokens get. */
export const AWKWARD = [
  " ",
  "\n",
  "\t\t",
  "\0",
  '"',
  "'",
  "*",
  "(",
  ")",
  "AND",
  "NEAR(",
  "^a",
  "-",
  "- b",
  "a:b",
  "\\xE2",
  "\\xE2\\x80",
  "中",
  "中文",
  "가",
  "مرحبا",
  "<script>",
  "\u200b",
  "\u202e",
  "%",
  "_",
  "; DROP TABLE unit",
  "x".repeat(300),
  " the",
  "the",
  "The",
  " theory",
  "é",
  "ñ",
  "",
  "42",
] as const;

export function textOf(id: number): string {
  return AWKWARD[id] ?? ` t${id}`;
}

/** Writes a whole analysis. */
export function writeAnalysis(
  store: Store,
  sae: string,
  shape: Shape,
  options: { subject?: string; finished?: string } = {},
): void {
  const { finished, ...rest } = options;
  const writer = store.begin(sae, analysisOf(shape, finished), { tokenText: textOf, ...rest });
  writer.putContexts(contextsOf(shape));
  for (let index = 0; index < shape.count; index++) writer.putUnit(unitOf(index, shape));
  writer.commit();
}

export function queryOf(query: Partial<ListQuery> = {}): ListQuery {
  return {
    kind: "feature",
    q: "",
    sort: "index",
    descending: false,
    offset: 0,
    limit: 50,
    minDensity: null,
    maxDensity: null,
    minMax: null,
    minScore: null,
    filter: "all",
    ...query,
  };
}
