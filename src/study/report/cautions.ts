/** What a careful reviewer would hold against a study, found in its own trials, with the numbers that say so. */

import { formatCount, formatNumber } from "../../report/format.ts";
import { outcomeOf, type StudyOutcomes } from "../outcomes/outcome.ts";
import type { PopulationAnalysis, StudyAnalysis } from "./analysis.ts";
import { counted, listed } from "./words.ts";

export interface StudyCaution {
  readonly title: string;
  readonly texts: readonly string[];
}

/** More than that of one factor's levels in which an outcome's slope changes. */
const CURVED = 0.01;
const SPARSITY_RATIO = 1.5;
const FEW_CONFIGURATIONS = 15;
/** Of sentences that are one for each trial. */
const MOST = 6;

export function studyCautions(analysis: StudyAnalysis): StudyCaution[] {
  const { study, populations } = analysis;
  const main = populations[0];
  return [
    ...progress(study),
    ...(main === undefined ? [] : [...repeats(main, study), ...comparability(main), ...reading(main)]),
    ...manyIntervals(analysis),
    ...controls(populations),
    ...unreadable(study),
  ];
}

function progress({ parts, trials }: StudyOutcomes): StudyCaution[] {
  const work = parts.filter(({ stage }) => stage !== "report");
  const open = work.filter(({ condition }) => condition !== "done");
  const failed = open.filter(({ condition }) => condition === "failed");
  const left = trials.filter(({ leftOut }) => leftOut !== null);
  return [
    ...(open.length === 0
      ? []
      : [
          {
            title: failed.length > 0 ? "Parts failed" : "The study is not finished",
            texts: [
              `${formatCount(open.length)} of ${counted(work.length, "part")} ${open.length === 1 ? "is" : "are"} not done${
                failed.length > 0 ? `, ${formatCount(failed.length)} of them failed` : ""
              }. Effects are of the trials that are there; which ones are missing may itself hang on the settings.`,
            ],
          },
        ]),
    ...(left.length === 0
      ? []
      : [
          {
            title: "Trials without a dictionary",
            texts: [
              ...left.slice(0, MOST).map(({ name, leftOut }) => `${name}: ${leftOut}`),
              ...(left.length > MOST ? [`And ${counted(left.length - MOST, "more")}.`] : []),
            ],
          },
        ]),
  ];
}

function repeats({ population }: PopulationAnalysis, { streams }: StudyOutcomes): StudyCaution[] {
  const { seeds, trials } = population;
  if (trials.length < 2) return [];
  const found: StudyCaution[] = [];
  if (seeds < 2) {
    found.push({
      title: "No repeats",
      texts: [
        "Every configuration was trained once: what another seed would change is not known, and is part of every difference shown here.",
      ],
    });
  } else if (seeds < 4) {
    found.push({
      title: "Few seeds",
      texts: [
        `Configurations were trained ${formatCount(seeds)} times at most. The spread between seeds is pooled over all of them; of one configuration it says little.`,
      ],
    });
  }
  if (streams === 1) {
    found.push({
      title: "One order of the text",
      texts: [
        "All trials saw the same text in the same order, so seeds here are of first values and restarts alone: another shuffle of the text is a source of variation that no interval holds.",
      ],
    });
  }
  return found;
}

function comparability({ population, effects }: PopulationAnalysis): StudyCaution[] {
  const found: StudyCaution[] = [];
  const names = population.factors.map(({ name }) => name);
  const places = names.filter((name) => ["model", "hook"].includes(name));
  if (places.length > 0) {
    found.push({
      title: "Different activations",
      texts: [
        `Trials differ in ${listed(places)}. Reconstruction scores, squared errors and L0 of different activations do not compare: their zero and their scale are others.`,
      ],
    });
  }
  const l0 = population.trials.flatMap((trial) => outcomeOf(trial, "l0")?.value ?? []);
  const [least, most] = [Math.min(...l0), Math.max(...l0)];
  if (l0.length > 1 && least > 0 && most / least > SPARSITY_RATIO) {
    found.push({
      title: "Not at equal sparsity",
      texts: [
        `L0 goes from ${formatNumber(least)} to ${formatNumber(most)}. An effect on reconstruction is at whatever L0 each trial came out with, and is partly an effect on L0: compare dictionaries along the fronts.`,
      ],
    });
  }
  const aliased = [...new Set(effects.flatMap((one) => one.aliased))];
  if (aliased.length > 0) {
    found.push({
      title: "Not told apart",
      texts: [
        `Where settings change only together, nothing says which of them does it: ${listed(aliased.slice(0, 8))}.`,
      ],
    });
  }
  return found;
}

function reading({ effects, population, correlations }: PopulationAnalysis): StudyCaution[] {
  const found: StudyCaution[] = [];
  const configurations = new Set(population.configurations).size;
  if (correlations !== null && configurations < FEW_CONFIGURATIONS) {
    found.push({
      title: "Few configurations",
      texts: [
        `Rank correlations of outcomes are over ${counted(configurations, "configuration")} (below ${FEW_CONFIGURATIONS}): so few are often in one order by chance, and a bootstrap over them is too sure of itself.`,
      ],
    });
  }
  const doubling = new Set(population.factors.filter(({ doubles }) => doubles).map(({ name }) => name));
  const curved = effects.flatMap(({ name, shares }) =>
    shares
      .filter(({ factor, curved: p }) => doubling.has(factor) && p !== null && p < CURVED)
      .map(({ factor }) => ({ name, factor })),
  );
  const factors = [...Map.groupBy(curved, ({ factor }) => factor)];
  if (factors.length > 0) {
    found.push({
      title: "Not one effect per doubling",
      texts: factors.map(
        ([factor, of]) =>
          `Doublings of ${factor} do not all do the same to ${counted(of.length, "outcome")} (p < ${CURVED}): the number is their mean, the curve says more.`,
      ),
    });
  }
  return found;
}

function manyIntervals({ populations, controls: differences }: StudyAnalysis): StudyCaution[] {
  const effects = populations[0]?.effects.flatMap(({ contrasts }) => contrasts) ?? [];
  const tested =
    effects.filter(({ effect }) => effect !== null).length +
    differences.filter(({ difference }) => difference.interval !== null).length;
  if (tested < 20) return [];
  return [
    {
      title: "Many intervals",
      texts: [
        `${formatCount(tested)} effects and differences are estimated, each with its own 95 % interval: if nothing had any effect, about ${formatCount(tested / 20)} of them would leave out 0 all the same.`,
      ],
    },
  ];
}

function controls(populations: readonly PopulationAnalysis[]): StudyCaution[] {
  const shuffled = populations.find(({ population }) => population.shuffled);
  if (shuffled === undefined) return [];
  const count = shuffled.population.trials.length;
  return [
    {
      title: "Shuffled weights",
      texts: [
        `${counted(count, "trial")} ${count === 1 ? "is" : "are"} on a model with shuffled weights. ${
          populations.length > 1 ? "They are controls, and counted among the others nowhere. " : ""
        }Shares of that model’s loss say nothing, since it has learnt nothing.`,
      ],
    },
  ];
}

function unreadable({ trials }: StudyOutcomes): StudyCaution[] {
  const problems = [...new Set(trials.flatMap((trial) => trial.problems))];
  if (problems.length === 0) return [];
  return [
    {
      title: "Unreadable files",
      texts: [
        ...problems.slice(0, MOST).map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`),
        ...(problems.length > MOST ? [`And ${counted(problems.length - MOST, "more")}.`] : []),
      ],
    },
  ];
}
