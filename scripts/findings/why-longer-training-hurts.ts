/**
 * The tables of docs/findings/why-longer-training-hurts.md, as Markdown, and its figures, from the study of that name:
 *
 *     node scripts/findings/why-longer-training-hurts.ts STUDY [FOLDER FOR FIGURES]
 */

import { join } from "node:path";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { median } from "../../src/statistics/quantiles.ts";
import { fixed, say, table } from "./markdown.ts";
import { studyArguments, writeFigures } from "./study-arguments.ts";
import { suspectsFigure, textFigure } from "./why-longer-training-hurts/figures.ts";
import { each, type OverSeeds, overSeeds, paired, percent } from "./why-longer-training-hurts/over-seeds.ts";
import * as of from "./why-longer-training-hurts/trials.ts";

const [study, folder] = studyArguments("why-longer-training-hurts.ts");
const { trials, complete } = of.openTrials(study);
const seeds = (variant: of.Variant) => of.seedsOf(trials, variant);
const published = seeds(of.AS_PUBLISHED);
if (published.length === 0) {
  console.error(`${study} has no trained dictionary of the program as published`);
  process.exit(1);
}
/** Of the fall: the finished dictionaries; one step before the last restart until all of those are measured. */
const END = trials.every((trial) => of.pointAt(trial, of.LAST) !== null) ? of.LAST : of.BEFORE_SECOND;
const LATE = [...new Set([of.BEFORE_SECOND, END])];

say(`${trials.length} trials, ${complete ? "all that were planned" : "not all that were planned"}.\n`);
texts();
rows();
documents();
suspects();
restarts();
elsewhere();
norms();
if (folder !== undefined) {
  writeFigures(folder, [textFigure(trials), suspectsFigure(trials)]);
}

function million(tokens: number): string {
  return `${fixed(tokens / 1e6, tokens > of.BEFORE - 1 && tokens < of.LAST ? 3 : 2)} M`;
}

function at(some: readonly of.Trial[], tokens: number): OverSeeds | null {
  return overSeeds(some.map((trial) => of.pointAt(trial, tokens)?.score ?? null));
}

function fall(trial: of.Trial): number | null {
  return of.change(trial, of.TEXT_END, END);
}

function fell(some: readonly of.Trial[]): OverSeeds | null {
  return overSeeds(some.map(fall));
}

/** The score with what is trained on, once the text has ended. */
function texts(): void {
  say("Score, %: mean over seeds ± half the 95 % interval over seeds.\n");
  const columns = [of.AS_PUBLISHED, ...of.BUFFERS, of.REPEATED, of.ON_NEW_TEXT].filter(
    (variant) => seeds(variant).length > 0,
  );
  table(
    ["tokens", ...columns.map((variant) => `${variant.title} (${seeds(variant).length})`)],
    [
      ...[of.TEXT_END, 408_576, 613_376, 818_176, of.BEFORE, ...LATE].map((tokens) => [
        million(tokens),
        ...columns.map((variant) => percent(at(seeds(variant), tokens))),
      ]),
      [`change to ${million(END)}`, ...columns.map((variant) => percent(fell(seeds(variant))))],
      [
        "as published less this, paired by seed",
        ...columns.map((variant) =>
          variant === of.AS_PUBLISHED ? "" : percent(paired(published, seeds(variant), fall)),
        ),
      ],
    ],
  );
}

/** Held-out text beside the rows that are trained on. */
function rows(): void {
  say("Held-out text and training rows, means over seeds.\n");
  table(
    [
      "",
      "tokens",
      "score",
      "explained variance, held out",
      "on the training rows",
      "L0 held out",
      "on the training rows",
    ],
    [of.AS_PUBLISHED, of.REPEATED, of.ON_NEW_TEXT].flatMap((variant) =>
      [of.TEXT_END, 408_576, 613_376, 818_176, of.BEFORE, ...LATE].flatMap((tokens) => {
        const some = seeds(variant);
        const points = some.flatMap((trial) => of.pointAt(trial, tokens) ?? []);
        const meant = some.flatMap((trial) => trial.onRows(tokens) ?? []);
        if (points.length === 0) return [];
        const value = (values: readonly number[]) => overSeeds(values)?.value ?? Number.NaN;
        return [
          [
            variant.title,
            million(tokens),
            `${fixed(100 * value(points.map(({ score }) => score)), 1)} %`,
            `${fixed(100 * value(points.map(({ variance }) => variance)), 1)} %`,
            `${fixed(100 * value(meant.map(({ variance }) => variance)), 1)} %`,
            fixed(value(points.map(({ l0 }) => l0)), 1),
            fixed(value(meant.map(({ l0 }) => l0)), 1),
          ],
        ];
      }),
    ),
  );
}

/** Each seed with its interval over documents. */
function documents(): void {
  say("Score, % (95 % over documents).\n");
  const places = [of.TEXT_END, of.BEFORE, of.AFTER, of.FIFTY_STEPS_AFTER, ...LATE];
  table(
    ["", "seed", ...places.map(million)],
    [of.AS_PUBLISHED, of.NEVER_RESTORED, of.NO_RESTARTS, of.REPEATED, of.ON_NEW_TEXT].flatMap((variant) =>
      seeds(variant).map((trial) => [
        variant.title,
        String(trial.seed),
        ...places.map((tokens) => {
          const point = of.pointAt(trial, tokens);
          if (point === null) return "";
          const ends = point.interval?.map((end) => fixed(100 * end, 1)).join(" – ");
          return `${fixed(100 * point.score, 1)}${ends === undefined ? "" : ` (${ends})`}`;
        }),
      ]),
    ),
  );
}

/** Of each suspect, what the fall is without it, and how much less that is, seed by seed. */
function suspects(): void {
  say("Points from the end of the text; change: less the fall as published, paired by seed.\n");
  table(
    ["", "seeds", `to ${million(END)}, each seed`, "mean", "change"],
    [of.AS_PUBLISHED, ...of.SUSPECTS, of.SLOWER].flatMap((variant) => {
      const some = seeds(variant);
      if (some.length === 0) return [];
      return [
        [
          variant.title,
          String(some.length),
          each(fell(some)),
          percent(fell(some)),
          variant === of.AS_PUBLISHED ? "" : percent(paired(some, published, fall)),
        ],
      ];
    }),
  );
}

/** One step before and one after, and fifty after, beside the same seeds without restarts. */
function restarts(): void {
  say(
    "Points one step after less one step before the restarts of steps 1,000 and 1,200; then beside the same seeds without restarts.\n",
  );
  const pairs: [of.Variant, of.Variant][] = [
    [of.AS_PUBLISHED, of.NO_RESTARTS],
    ...of.SUSPECTS.filter((one) => one !== of.NO_RESTARTS).map((one): [of.Variant, of.Variant] => [
      one,
      of.NO_RESTARTS,
    ]),
    [of.SLOWER, of.NO_RESTARTS],
    ...of.BUFFERS.map((one): [of.Variant, of.Variant] => [one, one]),
    [of.PENALTY, of.PENALTY_NO_RESTARTS],
    [of.REPEATED, of.REPEATED],
    [of.ON_NEW_TEXT, of.NEW_TEXT_NO_RESTARTS],
    [of.NEW_TEXT_MORE_RESTARTS, of.NEW_TEXT_NO_RESTARTS],
    [of.PENALTY_NEW_TEXT, of.PENALTY_NEW_TEXT],
  ];
  table(
    [
      "",
      "step 1,000, each seed",
      "mean",
      "less as published, paired",
      "step 1,200",
      "left after 50 steps",
      "after 199",
      "restarted at steps 200, 400, …; each seed",
    ],
    pairs.flatMap(([variant, without]) => {
      const some = seeds(variant);
      if (some.length === 0) return [];
      const dip = (trial: of.Trial) => of.change(trial, of.BEFORE, of.AFTER);
      const beside = (tokens: number) =>
        variant === without || variant === of.SLOWER
          ? ""
          : percent(paired(some, seeds(without), (trial) => of.pointAt(trial, tokens)?.score ?? null));
      return [
        [
          variant.title,
          each(overSeeds(some.map(dip))),
          percent(overSeeds(some.map(dip))),
          variant === of.AS_PUBLISHED ? "" : percent(paired(some, published, dip)),
          percent(overSeeds(some.map((trial) => of.change(trial, of.BEFORE_SECOND, of.AFTER_SECOND)))),
          beside(of.FIFTY_STEPS_AFTER),
          beside(of.BEFORE_SECOND),
          some.map(({ restarted }) => restarted.join(" ")).join("; "),
        ],
      ];
    }),
  );
}

/** Where the highest score was, with other buffers, penalties and rates; scores one step after a restart do not count. */
function elsewhere(): void {
  say("Means over seeds; scores one step after a restart left out.\n");
  const rowsOf = (variant: of.Variant) => of.BUFFERS.find((one) => one === variant)?.rows ?? of.ROWS;
  table(
    [
      "",
      "seeds",
      "rows",
      "passes",
      "L0 at the end of the text",
      "score there",
      "highest, at",
      `at ${million(END)}`,
      "explained variance there",
      "then",
    ],
    [of.AS_PUBLISHED, of.SLOWER, ...of.BUFFERS, of.PENALTY, of.PENALTY_NO_RESTARTS].flatMap((variant) => {
      const some = seeds(variant);
      if (some.length === 0) return [];
      const places = some[0]!.points
        .map(({ tokens }) => tokens)
        .filter((tokens) => tokens >= of.TEXT_END && ![of.AFTER, of.AFTER_SECOND].includes(tokens));
      const mean = (tokens: number, key: "score" | "variance" | "l0") =>
        overSeeds(some.map((trial) => of.pointAt(trial, tokens)?.[key] ?? null))?.value ?? Number.NaN;
      const highest = places.reduce((best, tokens) =>
        mean(tokens, "score") > mean(best, "score") ? tokens : best,
      );
      const shown = (tokens: number, key: "score" | "variance") => `${fixed(100 * mean(tokens, key), 1)} %`;
      return [
        [
          variant.title,
          String(some.length),
          rowsOf(variant).toLocaleString("en"),
          fixed((END - of.TEXT_END) / rowsOf(variant), 0),
          fixed(mean(of.TEXT_END, "l0"), 0),
          shown(of.TEXT_END, "score"),
          `${shown(highest, "score")}, ${million(highest)}`,
          shown(END, "score"),
          shown(of.TEXT_END, "variance"),
          shown(END, "variance"),
        ],
      ];
    }),
  );
}

/** Of the rows of W_dec as they were saved, 199 steps after a restart. */
function norms(): void {
  say("Norms of decoder rows in all finished dictionaries.\n");
  table(
    ["", "dictionaries", "lowest", "median", "highest"],
    ["before-step", "after-step", "never"].map((kind) => {
      const some = trials.filter(({ factors }) => factors["decoder_norm"] === kind);
      const sorted = Float64Array.from(some.flatMap((trial) => [...decoderNorms(trial.folder)])).sort();
      const [lowest, highest] = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
      return [
        kind,
        String(some.length),
        fixed(lowest, 4),
        fixed(median(sorted) ?? Number.NaN, 4),
        fixed(highest, 4),
      ];
    }),
  );
}

function decoderNorms(folder: string): Float64Array {
  const file = openSafetensors(join(folder, "sae_weights.safetensors"));
  try {
    const [features = 0, width = 0] = file.info("W_dec").shape;
    const W_dec = file.readFloats("W_dec");
    return Float64Array.from({ length: features }, (_, i) =>
      Math.hypot(...W_dec.subarray(i * width, (i + 1) * width)),
    );
  } finally {
    file.close();
  }
}
