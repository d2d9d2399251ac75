/**
 * The tables of docs/findings/why-longer-training-hurts.md from the studies beside its main one (other orders of the text, longer, another
 * model), as Markdown: every configuration's curve after the end of the text.
 *
 *     node scripts/findings/longer-training-elsewhere.ts STUDY [STUDY with more seeds of it …]
 *
 * Intervals are over seeds, which in these studies shuffle the text too.
 */

import { fixed, say, table } from "./markdown.ts";
import { studyArguments } from "./study-arguments.ts";
import { each, type OverSeeds, overSeeds, paired, percent } from "./why-longer-training-hurts/over-seeds.ts";
import { change, openTrials, pointAt, TEXT_END, type Trial } from "./why-longer-training-hurts/trials.ts";

const studies = studyArguments("longer-training-elsewhere.ts");
const opened = studies.map(openTrials);
const trials = opened.flatMap((study) => study.trials);
const complete = opened.every((study) => study.complete);
const configurations = Map.groupBy(trials, configurationOf);
say(`${trials.length} trials, ${complete ? "all that were planned" : "not all that were planned"}.\n`);
scores();
rest();
differences();

function configurationOf({ factors }: Trial): string {
  return (
    Object.entries(factors)
      .filter(([name]) => name !== "seed")
      .map(([name, value]) => `${name} ${value}`)
      .join(", ") || "all"
  );
}

function million(tokens: number): string {
  return `${fixed(tokens / 1e6, tokens < 2e6 ? 2 : 1)} M`;
}

function endOf(some: readonly Trial[]): number {
  return Math.max(...some.flatMap(({ points }) => points.map(({ tokens }) => tokens)));
}

function places(): number[] {
  return [...new Set(trials.flatMap(({ points }) => points.map(({ tokens }) => tokens)))].sort(
    (a, b) => a - b,
  );
}

/** With each seed's where there are two: an interval of two says little. */
function scoreText(found: OverSeeds | null): string {
  return found?.each.length === 2 ? `${percent(found)} (${each(found)})` : percent(found);
}

function fall(trial: Trial): number | null {
  return change(trial, TEXT_END, endOf([trial]));
}

function meansAt(some: readonly Trial[], tokens: number, key: "score" | "variance" | "l0"): OverSeeds | null {
  return overSeeds(some.map((trial) => pointAt(trial, tokens)?.[key] ?? null));
}

function scores(): void {
  say("Score, %: mean over seeds ± half the 95 % interval over seeds.\n");
  table(
    ["tokens", ...[...configurations].map(([name, some]) => `${name} (${some.length})`)],
    [
      ...places().map((tokens) => [
        million(tokens),
        ...[...configurations.values()].map((some) => scoreText(meansAt(some, tokens, "score"))),
      ]),
      ["change", ...[...configurations.values()].map((some) => scoreText(overSeeds(some.map(fall))))],
      ["change of each seed", ...[...configurations.values()].map((some) => each(overSeeds(some.map(fall))))],
    ],
  );
}

/** Explained variance and L0, held out and on the rows that are trained on. */
function rest(): void {
  say("Explained variance and L0, held out / on the training rows; means over seeds.\n");
  const onRows = (some: readonly Trial[], tokens: number, key: "variance" | "l0") =>
    overSeeds(some.map((trial) => trial.onRows(tokens)?.[key] ?? null))?.value ?? Number.NaN;
  const held = (some: readonly Trial[], tokens: number, key: "variance" | "l0") =>
    meansAt(some, tokens, key)?.value ?? Number.NaN;
  table(
    ["tokens", ...configurations.keys()],
    places().map((tokens) => [
      million(tokens),
      ...[...configurations.values()].map((some) =>
        meansAt(some, tokens, "l0") === null
          ? ""
          : `${fixed(100 * held(some, tokens, "variance"), 1)} / ${fixed(100 * onRows(some, tokens, "variance"), 1)} %; ` +
            `${fixed(held(some, tokens, "l0"), 1)} / ${fixed(onRows(some, tokens, "l0"), 1)}`,
      ),
    ]),
  );
}

function differences(): void {
  const all = [...configurations];
  say("Change of the column less change of the row, paired by seed, points.\n");
  table(
    ["", ...all.map(([name]) => name)],
    all.map(([name, some], i) => [
      name,
      ...all.map(([, others], j) => (j <= i ? "" : scoreText(paired(others, some, fall)))),
    ]),
  );
}
