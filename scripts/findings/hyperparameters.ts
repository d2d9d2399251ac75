/**
 * The tables of docs/findings/hyperparameters.md, as Markdown, and its figures, from the study of the published recipe's options:
 *
 *     node scripts/findings/hyperparameters.ts STUDY [FOLDER FOR FIGURES]
 */

import { forestData, growForest } from "../../src/statistics/forest.ts";
import { partialDependence } from "../../src/statistics/partial-dependence.ts";
import { type Estimate, leavesOutZero } from "../../src/statistics/estimate.ts";
import { mean, pearson } from "../../src/statistics/correlation.ts";
import { outcomeOf } from "../../src/study/outcomes/outcome.ts";
import { contrastKey, effectsOn, levelMeans, type OutcomeEffects } from "../../src/study/report/effects.ts";
import { binnedTable, type OutcomeColumn } from "../../src/study/report/population.ts";
import { variationOf } from "../../src/study/report/variation.ts";
import {
  contrastText,
  deviationText,
  effectInterval,
  effectText,
  levelText,
} from "../../src/study/report/words.ts";
import { budgetEffects } from "./hyperparameters/budget.ts";
import { byChance, countOf } from "./hyperparameters/chance.ts";
import { CHOSEN, chosenShare, compared, explainedIn, type Split } from "./hyperparameters/explainers.ts";
import { rateFigure, trainingFigure } from "./hyperparameters/figures.ts";
import { lastDoubling, type Moment, rateEffectsAt } from "./hyperparameters/on-the-way.ts";
import { openStudied, repeatsIn, stillFalling, trainingLog } from "./hyperparameters/trials.ts";
import { fixed, intervalText, say, table } from "./markdown.ts";
import { studyArguments, writeFigures } from "./study-arguments.ts";

/** Times that settings are dealt out anew. */
const DEALS = 200;
/** Of the shortest trials. */
const STEPS = 488;
const FOREST = { seed: 0 };

const [path, figures] = studyArguments("hyperparameters.ts");
const studied = openStudied(path);
const { study, population, columns } = studied;
const effects = columns.flatMap((column) => effectsOn(population, column) ?? []);
const columnNamed = (name: string) => columns.find(({ definition }) => definition.name === name)!;

design();
values();
effectTables();
shares();
forests();
rates();
budget();
onTheWay();
settled();
repeats();
explainers();
if (figures !== undefined) {
  writeFigures(figures, [trainingFigure(studied), rateFigure(studied)]);
}
chance();

function design(): void {
  const { trials, configurations, factors } = population;
  say(
    `${trials.length} dictionaries of ${studied.folder.plan.trials.length}, ${new Set(configurations).size} configurations; with scores: ${trials.filter(({ stage }) => stage === "explain").length}.\n`,
  );
  table(
    ["", ...factors.map(({ name }) => name)],
    [
      [
        "trials",
        ...factors.map(({ values, levels }) =>
          levels
            .map((level) => `${levelText(level)}: ${values.filter((one) => one === level).length}`)
            .join(", "),
        ),
      ],
    ],
  );
  const numbers = factors.map(({ values, doubles, levels }) =>
    values.map((value) => (doubles ? Math.log2(Number(value)) : levels.indexOf(value))),
  );
  const pairs = factors.flatMap((a, i) =>
    factors.slice(i + 1).map((b, j) => ({
      text: `${a.name} and ${b.name}`,
      r: pearson(numbers[i]!, numbers[i + 1 + j]!).value,
    })),
  );
  const strongest = pairs.sort((a, b) => Math.abs(b.r ?? 0) - Math.abs(a.r ?? 0)).slice(0, 5);
  say(
    `Correlated settings: ${strongest.map(({ text, r }) => `${text} ${r === null ? "–" : fixed(r, 2)}`).join("; ")}.\n`,
  );
}

function values(): void {
  say("Every dictionary.\n");
  table(
    ["", ...columns.map(({ definition }) => definition.label)],
    population.trials.map((trial) => [
      trial.name,
      ...columns.map(({ definition }) => short(definition, outcomeOf(trial, definition.name)?.value)),
    ]),
  );
}

/** As short as tables of this width bear. */
function short({ unit }: OutcomeColumn["definition"], value: number | undefined): string {
  if (value === undefined) return "–";
  if (unit === "share") return `${fixed(100 * value, 1)} %`;
  return fixed(value, unit === "score" || Math.abs(value) < 2 ? 3 : value < 20 ? 2 : 1);
}

function cell(column: OutcomeColumn, effect: Estimate | null): string {
  if (effect === null) return "–";
  const { definition, log } = column;
  const text = effectText(definition, log, effect.value);
  return `${leavesOutZero(effect) ? `**${text}**` : text} ${effectInterval(definition, log, effect)}`;
}

function effectTables(): void {
  const contrasts = effects[0]!.contrasts;
  const half = Math.ceil(contrasts.length / 2);
  for (const part of [contrasts.slice(0, half), contrasts.slice(half)]) {
    table(
      ["", ...part.map(contrastText)],
      effects.map(({ name, contrasts: own }) => [
        columnNamed(name).definition.label,
        ...part.map((contrast) =>
          cell(
            columnNamed(name),
            own.find((one) => contrastKey(one) === contrastKey(contrast))?.effect ?? null,
          ),
        ),
      ]),
    );
  }
}

function shares(): void {
  say(
    "ω² of each factor, p in brackets; * where doublings do not all do the same (p < 0.05); rest: what they leave.\n",
  );
  const names = population.factors.map(({ name }) => name);
  table(
    ["", ...names, "rest"],
    effects.map(({ name, shares: own }: OutcomeEffects) => {
      const total = own.reduce((sum, { share }) => sum + Math.max(0, share ?? 0), 0);
      return [
        columnNamed(name).definition.label,
        ...names.map((factor) => {
          const found = own.find((one) => one.factor === factor);
          if (found === undefined || found.share === null) return "–";
          const curved = found.curved !== null && found.curved < 0.05 ? "*" : "";
          return `${fixed(found.share, 2)}${curved} (${pText(found.p)})`;
        }),
        fixed(1 - total, 2),
      ];
    }),
  );
}

function pText(p: number | null): string {
  return p === null ? "–" : p < 0.001 ? "< 0.001" : p.toPrecision(2);
}

function forests(): void {
  say(
    "Forests: R² out of bag; then what they say at the lowest and at the highest level, and the share of their predictions.\n",
  );
  const factors = population.factors.map(({ name }) => name);
  table(
    ["", "R²", ...factors],
    columns.map((column) => {
      const data = forestData(binnedTable(population), column.values, population.configurations);
      const forest = growForest(data, FOREST);
      const curves = partialDependence(forest, FOREST);
      const text = (value: number) => short(column.definition, column.log ? Math.exp(value) : value);
      return [
        column.definition.label,
        forest.rSquared === null ? "–" : fixed(forest.rSquared, 2),
        ...factors.map((factor) => {
          const curve = curves.find(({ name }) => name === factor);
          if (curve === undefined) return "–";
          const share = curve.share === null ? "" : `, ${Math.round(100 * curve.share.value)} %`;
          return `${text(curve.points[0]!.mean.value)} → ${text(curve.points.at(-1)!.mean.value)}${share}`;
        }),
      ];
    }),
  );
}

/** The outcome at each learning rate, all other factors' levels counted alike. */
function rates(): void {
  const factor = population.factors.find(({ name }) => name === "lr");
  if (factor === undefined) return;
  say("At each learning rate, the levels of the others counted alike.\n");
  table(
    ["", ...factor.levels.map(levelText)],
    columns.map((column) => {
      const { definition, log } = column;
      const text = (value: number) => short(definition, log ? Math.exp(value) : value);
      return [
        definition.label,
        ...levelMeans(population, column, factor).map(({ value, low, high }) =>
          value === null ? "–" : `${text(value)}${low === null ? "" : ` (${text(low)} to ${text(high!)})`}`,
        ),
      ];
    }),
  );
}

function budget(): void {
  if (!["lr", "tokens"].every((name) => population.factors.some((one) => one.name === name))) return;
  say(
    "Per doubling: of lr × steps; of the rate at the same lr × steps; of lr × steps in the model without the rate.\n",
  );
  table(
    ["", "lr × steps", "lr at the same lr × steps", "p", "lr × steps alone"],
    columns.flatMap((column) => {
      const found = budgetEffects(population, column);
      if (found === null) return [];
      return [
        [
          column.definition.label,
          cell(column, found.budget),
          cell(column, found.rate),
          pText(found.rate.p),
          cell(column, found.alone),
        ],
      ];
    }),
  );
}

/** The rate after equally many steps, and after equal lr × steps, as far as all have come. */
function onTheWay(): void {
  say("On the way: what a doubling of the rate does after equally many steps, and after equal lr × steps.\n");
  const lines = [1e-4, 3e-4].flatMap((from): Moment[] => [
    { title: `${STEPS} steps, lr ${levelText(from)} and above`, step: () => STEPS, from },
    {
      title: `lr × steps ${(from * STEPS).toPrecision(2)}, lr ${levelText(from)} and above`,
      step: (rate) => (from * STEPS) / rate,
      from,
    },
  ]);
  const found = lines.map((moment) => rateEffectsAt(studied, moment));
  table(
    ["", "trials", ...found[0]!.map(({ label }) => label)],
    lines.map(({ title }, i) => [
      title,
      String(found[i]![0]?.trials ?? 0),
      ...found[i]!.map(({ column, rate }) => cell(column, rate.effect)),
    ]),
  );
}

/** Whether training has settled. */
function settled(): void {
  say(
    "What the second half of the steps did, and the loss over the last fifth less than over the fifth before.\n",
  );
  const rates = [...new Set(population.trials.map(({ factors }) => Number(factors["lr"])))].sort(
    (a, b) => a - b,
  );
  const rows = [...rates, null].map((rate) => ({ rate, ...lastDoubling(studied, rate) }));
  table(
    ["lr", "trials", ...rows[0]!.changes.map(({ column }) => column.definition.label), "last fifth"],
    rows.map(({ rate, trials, changes }) => {
      const falls = population.trials
        .filter(({ factors }) => rate === null || factors["lr"] === rate)
        .flatMap((trial) => stillFalling(trainingLog(studied, trial)) ?? []);
      const percent = (value: number) => `${fixed(100 * value, 1)} %`;
      return [
        rate === null ? "all" : levelText(rate),
        String(trials),
        ...changes.map(({ column, change }) => cell(column, change)),
        `${percent(mean(falls))} (${percent(Math.min(...falls))} to ${percent(Math.max(...falls))})`,
      ];
    }),
  );
}

function repeats(): void {
  const same = repeatsIn(population);
  if (same.length === 0) return;
  say(`${same.length} seeds of one configuration; standard deviations with 95 % intervals.\n`);
  table(
    [
      "",
      ...same.map(({ factors }) => `seed ${levelText(factors["seed"] ?? null)}`),
      "SD of seeds",
      "SD of configurations",
    ],
    columns.map((column) => {
      const { definition, log } = column;
      const variation = variationOf(population, column);
      const deviation = (estimate: { value: number; interval: readonly [number, number] | null } | null) =>
        estimate === null
          ? "–"
          : `${deviationText(definition, log, estimate.value)}${
              estimate.interval === null
                ? ""
                : ` (${estimate.interval.map((end) => deviationText(definition, log, end)).join(" to ")})`
            }`;
      return [
        definition.label,
        ...same.map((trial) => short(definition, outcomeOf(trial, definition.name)?.value)),
        deviation(variation?.seeds ?? null),
        deviation(variation?.configurations ?? null),
      ];
    }),
  );
  if (study.comparisons.length === 0) return;
  const names = [...new Set(study.comparisons.flatMap(({ outcomes }) => outcomes.map(({ name }) => name)))];
  say("The same configurations with another seed.\n");
  table(
    ["", ...study.comparisons.map(({ name }) => name)],
    names.map((name) => {
      const definition = study.definitions.find((one) => one.name === name)!;
      return [
        definition.label,
        ...study.comparisons.map(({ outcomes }) =>
          short(definition, outcomes.find((one) => one.name === name)?.value),
        ),
      ];
    }),
  );
}

function explainers(): void {
  const all = explainedIn(studied);
  if (all.length === 0) return;
  const splits: Split[] = ["all", "single-token", "other"];
  for (const kind of new Set(all.map((one) => one.kind))) {
    const own = all.filter((one) => one.kind === kind);
    const names = [...new Set(own.flatMap(({ scores }) => [...scores.keys()]))];
    const features = own.reduce((sum, { singleToken }) => sum + singleToken.length, 0);
    say(
      `${kind}: ${own.length} dictionaries, ${features} features. Mean, and less the chosen explainer’s on the same features, 95 % over configurations.\n`,
    );
    table(
      ["explainer", "chosen for", ...splits.flatMap((split) => [split, "less chosen"])],
      names.map((name) => [
        name,
        name === CHOSEN ? "" : `${fixed(100 * chosenShare(own, name), 0)} %`,
        ...splits.flatMap((split) => {
          const found = compared(own, name, split);
          if (found === null) return ["–", "–"];
          const { less, interval } = found;
          return [
            fixed(found.mean),
            name === CHOSEN ? "" : `${fixed(less)}${interval === null ? "" : ` (${intervalText(interval)})`}`,
          ];
        }),
      ]),
    );
  }
}

function chance(): void {
  const { intervals, leaveOutZero } = countOf(effects);
  const p = effects.flatMap(({ contrasts }) => contrasts.flatMap(({ effect }) => effect?.p ?? []));
  const clear = p.filter((one) => one < 0.05 / p.length).length;
  const dealt = byChance(study, population, DEALS);
  say(
    `${intervals} effects; ${leaveOutZero} intervals leave out 0, ${clear} with p below 0.05 / ${p.length}. ` +
      `${(0.05 * intervals).toFixed(1)} expected; with settings dealt out anew ${DEALS} times: mean ${dealt.mean.toFixed(1)}, ` +
      `median ${dealt.median.toFixed(0)}, 95 % below ${dealt.high.toFixed(0)}, most ${dealt.most}.\n`,
  );
  const clears = new Map<string, number>();
  for (const { contrasts } of effects) {
    for (const { effect, ...contrast } of contrasts) {
      const isClear = effect !== null && leavesOutZero(effect);
      const text = contrastText(contrast);
      clears.set(text, (clears.get(text) ?? 0) + (isClear ? 1 : 0));
    }
  }
  say(
    `By factor: ${[...clears].map(([text, count]) => `${text}: ${count} of ${effects.length}`).join("; ")}.\n`,
  );
}
