/**
 * What the learning rate does when dictionaries are looked at on the way, once after equally many steps and once after equal lr × steps: the
 * second is what is left of it when none is further than another.
 *
 * Of training batches, from the logs; between two lines of a log on a straight line over the logarithm of the step.
 */

import { mean } from "../../../src/statistics/correlation.ts";
import type { Estimate } from "../../../src/statistics/estimate.ts";
import { meanEstimate } from "../../../src/statistics/mean-estimate.ts";
import type { OutcomeDefinition } from "../../../src/study/outcomes/outcome.ts";
import { type ContrastEffect, effectsOn } from "../../../src/study/report/effects.ts";
import type { OutcomeColumn } from "../../../src/study/report/population.ts";
import { type LogPoint, type Studied, trainingLog } from "./trials.ts";

export interface Moment {
  readonly title: string;
  /** Of a learning rate. */
  readonly step: (rate: number) => number;
  /** Trials with a lower rate are left out. */
  readonly from: number;
}

interface Logged {
  readonly label: string;
  readonly log: boolean;
  readonly unit: OutcomeDefinition["unit"];
  readonly of: (point: LogPoint) => number;
}

const LOGGED: readonly Logged[] = [
  { label: "L0", log: true, unit: "number", of: ({ l0 }) => Math.log(Math.max(l0, 1e-3)) },
  {
    label: "explained variance",
    log: false,
    unit: "share",
    of: ({ explainedVariance }) => explainedVariance,
  },
  { label: "loss", log: true, unit: "number", of: ({ loss }) => Math.log(loss) },
];

function columnOf({ label, log, unit }: Logged, values: readonly (number | null)[]): OutcomeColumn {
  return {
    definition: { name: label, label, definition: "", group: "training", better: null, unit, log },
    outcomes: values.map(() => undefined),
    values,
    log,
  };
}

export interface EffectThen {
  readonly label: string;
  readonly column: OutcomeColumn;
  readonly trials: number;
  readonly rate: ContrastEffect;
}

export function rateEffectsAt(studied: Studied, { step, from }: Moment): EffectThen[] {
  const { population } = studied;
  const logs = population.trials.map((trial) => trainingLog(studied, trial));
  return LOGGED.flatMap(({ label, log, unit, of }) => {
    const values = population.trials.map(({ factors }, i) => {
      const rate = Number(factors["lr"]);
      return rate < from * 0.999 ? null : valueAt(logs[i]!, step(rate), of);
    });
    const column = columnOf({ label, log, unit, of }, values);
    const found = effectsOn(population, column);
    const rate = found?.contrasts.find(({ factor }) => factor === "lr");
    return rate === undefined ? [] : [{ label, column, trials: found!.trials, rate }];
  });
}

export interface LastDoubling {
  readonly column: OutcomeColumn;
  /** Change from half of the steps to all of them; t interval over configurations. */
  readonly change: Estimate;
}

/** What the second half of the steps did to trials of one learning rate, or to all. */
export function lastDoubling(
  studied: Studied,
  rate: number | null,
): { trials: number; changes: LastDoubling[] } {
  const { trials, configurations } = studied.population;
  const kept = [...trials.keys()].filter((i) => rate === null || trials[i]!.factors["lr"] === rate);
  const logs = kept.map((i) => trainingLog(studied, trials[i]!));
  const changes = LOGGED.flatMap((logged): LastDoubling[] => {
    const each = logs.flatMap((log, k) => {
      const last = log.at(-1);
      const half = last && valueAt(log, last.step / 2, logged.of);
      if (last === undefined || half === null || half === undefined) return [];
      return [{ configuration: configurations[kept[k]!]!, change: logged.of(last) - half }];
    });
    const groups = [...Map.groupBy(each, ({ configuration }) => configuration).values()];
    const values = groups.map((group) => mean(group.map(({ change }) => change)));
    return values.length === 0 ? [] : [{ column: columnOf(logged, []), change: meanEstimate(values, 3) }];
  });
  return { trials: kept.length, changes };
}

/** Null beyond either end of the log. */
function valueAt(log: readonly LogPoint[], step: number, of: (point: LogPoint) => number): number | null {
  const after = log.findIndex((point) => point.step >= step);
  if (after < 0) return null;
  const [b, a] = [log[after]!, log[after - 1]];
  if (a === undefined || b.step === step) return b.step === step ? of(b) : null;
  const share = Math.log(step / a.step) / Math.log(b.step / a.step);
  return of(a) + share * (of(b) - of(a));
}
