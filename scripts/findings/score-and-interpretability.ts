/**
 * The tables of docs/findings/score-and-interpretability.md, as Markdown, and its figures, from the study of many dictionaries:
 *
 *     node scripts/findings/score-and-interpretability.ts STUDY [FOLDER FOR FIGURES] [SMALL STUDY]
 *
 * Of the small study, of which there are too few dictionaries to correlate, it prints the values.
 */

import { collectOutcomes } from "../../src/study/outcomes/collect.ts";
import { outcomeOf, type TrialOutcomes } from "../../src/study/outcomes/outcome.ts";
import { populationsOf } from "../../src/study/report/population.ts";
import { StudyFolder } from "../../src/study/study-folder.ts";
import { fixed, intervalText, say, table } from "./markdown.ts";
import { studyArguments, writeFigures } from "./study-arguments.ts";
import * as axes from "./score-and-interpretability/axes.ts";
import { type Correlation, Dictionaries, mean } from "./score-and-interpretability/dictionaries.ts";
import { signsFigure, valuesFigure } from "./score-and-interpretability/figures.ts";

/** Of two dictionaries: L0 within a factor of this counts as the same. */
const ALIKE = 1.3;

const [study, folder, small] = studyArguments("score-and-interpretability.ts");
const populations = populationsOf(collectOutcomes(StudyFolder.open(study)));
const of = (shuffled: boolean) =>
  new Dictionaries(
    populations.find((one) => one.shuffled === shuffled) ?? { trials: [], configurations: [] },
  );
const [trained, shuffled] = [of(false), of(true)];
const relu = trained.where(({ factors }) => factors["objective"] === "relu-l1");
const topk = trained.where(({ factors }) => factors["objective"] === "batch-topk");
const rest = trained.where(({ factors }) => factors["objective"] !== "relu-l1");

let looked = 0;
sameOrder();
plain();
given();
within();
onShuffled();
choosing();
agreement();
repeats();
beside();
say(`${looked} correlations between dictionaries.\n`);
if (folder !== undefined) {
  writeFigures(folder, [valuesFigure(trained, shuffled), signsFigure(trained)]);
}
if (small !== undefined)
  values(populationsOf(collectOutcomes(StudyFolder.open(small))).flatMap(({ trials }) => trials));

function text(found: Correlation | null): string {
  if (found === null) return "";
  looked++;
  const { value, interval } = found;
  return `${fixed(value, 2)}${interval === null ? "" : ` (${intervalText(interval, 2)})`}`;
}

function count({ trials, configurations }: Dictionaries): string {
  return `${trials.length} dictionaries, ${new Set(configurations).size} configurations`;
}

/** Zero ablation, mean ablation and the increase itself: of one model and one text they are the same order. */
function sameOrder(): void {
  for (const other of [axes.MEAN_SCORE, axes.LOSS_INCREASE]) {
    const found = trained.correlation(axes.SCORE, other);
    say(`${axes.SCORE.title} and ${other.title}: ρ = ${found === null ? "–" : fixed(found.value, 4)}`);
  }
  say("");
}

function plain(): void {
  say(`${count(trained)}. Spearman's ρ, 95 % intervals over configurations.\n`);
  const across = [axes.SCORE, axes.VARIANCE, axes.L0, axes.DEAD];
  table(
    ["", ...across.map(({ title }) => title)],
    [
      ...across
        .slice(0, 2)
        .map((axis) => [
          axis.title,
          ...across.map((other) => (other === axis ? "" : text(trained.correlation(axis, other)))),
        ]),
      ...axes.INTERPRETABILITY.map((axis) => [
        axis.title,
        ...across.map((other) => text(trained.correlation(axis, other))),
      ]),
    ],
  );
}

function given(): void {
  say(
    "The same with L0 held fixed, with L0 and seed, with L0 and objective; of explained variance with L0.\n",
  );
  const l0 = [trained.values(axes.L0)];
  const held: [string, axes.Axis, number[][]][] = [
    ["loss recovered, given L0", axes.SCORE, l0],
    ["given L0 and seed", axes.SCORE, [...l0, ...trained.levels("seed")]],
    ["given L0 and objective", axes.SCORE, [...l0, ...trained.levels("objective")]],
    ["explained variance, given L0", axes.VARIANCE, l0],
  ];
  table(
    ["", ...held.map(([title]) => title)],
    axes.INTERPRETABILITY.map((axis) => [
      axis.title,
      ...held.map(([, other, columns]) => text(trained.correlation(axis, other, columns))),
    ]),
  );
}

function within(): void {
  say(`relu-l1: ${count(relu)}; batch-topk: ${count(topk)}; all but relu-l1: ${count(rest)}.\n`);
  const held: [string, Dictionaries, axes.Axis, number[][]][] = [
    ["relu-l1: loss recovered", relu, axes.SCORE, []],
    ["given L0", relu, axes.SCORE, [relu.values(axes.L0)]],
    ["explained variance", relu, axes.VARIANCE, []],
    ["L0", relu, axes.L0, []],
    ["batch-topk: loss recovered", topk, axes.SCORE, []],
    ["all but relu-l1: loss recovered", rest, axes.SCORE, []],
  ];
  table(
    ["", ...held.map(([title]) => title)],
    axes.INTERPRETABILITY.map((axis) => [
      axis.title,
      ...held.map(([, some, other, columns]) => text(some.correlation(axis, other, columns))),
    ]),
  );
}

function onShuffled(): void {
  say(`Shuffled weights: ${count(shuffled)}.\n`);
  const across = [axes.SCORE, axes.VARIANCE, axes.L0];
  table(
    ["", ...across.map(({ title }) => title)],
    axes.INTERPRETABILITY.filter((axis) => shuffled.column(axis).some((value) => value !== null)).map(
      (axis) => [axis.title, ...across.map((other) => text(shuffled.correlation(axis, other)))],
    ),
  );
  values(shuffled.trials);
}

/** What comes of choosing by the score. */
function choosing(): void {
  say("Of two dictionaries, how often the one with the better score has the better other value.\n");
  const alike = (one: TrialOutcomes, other: TrialOutcomes) => {
    const [a, b] = [axes.L0.of(one)!, axes.L0.of(other)!];
    return Math.max(a, b) <= ALIKE * Math.min(a, b);
  };
  const sameObjective = (one: TrialOutcomes, other: TrialOutcomes) =>
    alike(one, other) && one.factors["objective"] === other.factors["objective"];
  const order = [...trained.trials].sort((a, b) => axes.SCORE.of(b)! - axes.SCORE.of(a)!);
  const third = Math.round(order.length / 3);
  const parts = [order.slice(0, third), order.slice(third, -third), order.slice(-third)];
  const share = ({ pairs, share: value }: { pairs: number; share: number }) =>
    pairs === 0 ? "" : `${(100 * value).toFixed(0)} % of ${pairs}`;
  const shown = [
    axes.L0,
    ...axes.INTERPRETABILITY.filter((axis) =>
      [axes.BRICKEN, axes.BEYOND_RANDOM, axes.WEIGHTED, axes.DETECTION, axes.LOGITS, axes.SINGLE].includes(
        axis,
      ),
    ),
  ];
  table(
    ["", "best third by score", "middle", "worst", "all pairs", "L0 within 30 %", "and the same objective"],
    shown.map((axis) => [
      axis.title,
      ...parts.map((part) =>
        fixed(mean(part.flatMap((trial) => axis.of(trial) ?? [])), axis === axes.L0 ? 1 : 3),
      ),
      share(trained.concordance(axes.SCORE, axis)),
      share(trained.concordance(axes.SCORE, axis, alike)),
      share(trained.concordance(axes.SCORE, axis, sameObjective)),
    ]),
  );
}

function agreement(): void {
  say("Measures with each other.\n");
  const across = axes.KINDS.filter((axis) => trained.column(axis).some((value) => value !== null));
  table(
    ["", ...across.slice(0, -1).map(({ title }) => title)],
    across
      .slice(1)
      .map((axis, i) => [
        axis.title,
        ...across.slice(0, -1).map((other, j) => (j <= i ? text(trained.correlation(axis, other)) : "")),
      ]),
  );
}

function repeats(): void {
  say("Whether the order of dictionaries is found again with another seed.\n");
  const about = [axes.SCORE, axes.VARIANCE, axes.L0, ...axes.INTERPRETABILITY];
  table(
    [
      "",
      "pairs",
      "SD of all",
      "SE by features",
      "seed 1 − seed 0",
      "ρ between seeds",
      "share of configurations",
      "highest |ρ| with anything",
    ],
    about.flatMap((axis) => {
      const found = trained.repeatability(axis);
      if (found === null) return [];
      const { pairs, spread, standardError, shift, again, configurations } = found;
      return [
        [
          axis.title,
          String(pairs),
          fixed(spread),
          standardError === null ? "" : fixed(standardError),
          fixed(shift),
          text({ ...again, observations: pairs }),
          configurations === null
            ? ""
            : `${fixed(configurations.value, 2)}${configurations.interval === null ? "" : ` (${intervalText([...configurations.interval], 2)})`}`,
          again.value > 0 ? fixed(Math.sqrt(again.value), 2) : "0.00",
        ],
      ];
    }),
  );
}

function beside(): void {
  say("Means over dictionaries, lowest to highest of one.\n");
  const groups: [string, Dictionaries][] = [
    ["trained", trained],
    ["shuffled weights", shuffled],
  ];
  table(
    ["", ...axes.PROTOCOLS.map(([title]) => title)],
    groups.flatMap(([group, some]) =>
      axes.BESIDE.flatMap(({ title, suffix }) => {
        const cells = axes.PROTOCOLS.map(([, score]) => {
          const all = some.trials.flatMap((trial) => outcomeOf(trial, `${score}${suffix}`)?.value ?? []);
          if (all.length === 0) return "";
          const ends = [Math.min(...all), Math.max(...all)] as [number, number];
          return ends[0] === ends[1]
            ? fixed(ends[0], 2)
            : `${fixed(mean(all), 2)} (${intervalText(ends, 2)})`;
        });
        return cells.every((cell) => cell === "") ? [] : [[`${title}, ${group}`, ...cells]];
      }),
    ),
  );
}

function values(trials: readonly TrialOutcomes[]): void {
  const across = [
    axes.L0,
    axes.SCORE,
    axes.VARIANCE,
    axes.SINGLE,
    axes.BRICKEN,
    axes.WEIGHTED,
    axes.DETECTION,
    axes.LOGITS,
  ];
  const controls = ["neurons", "random_directions"].map((name) => `score_bricken_2023_${name}`);
  table(
    ["", ...across.map(({ title }) => title), "Bricken score of neurons", "of random directions"],
    trials.map((trial) => [
      trial.name,
      ...across.map((axis) => {
        const value = axis.of(trial);
        return value === null ? "" : fixed(value, axis === axes.L0 ? 1 : 3);
      }),
      ...controls.map((name) => {
        const found = outcomeOf(trial, name);
        return found === undefined ? "" : fixed(found.value);
      }),
    ]),
  );
}
