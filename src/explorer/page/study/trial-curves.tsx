/** Curves of some trials laid over one another: held-out evaluations on the way, and training. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { OutcomeDefinition } from "../../../study/outcomes/outcome.ts";
import type { Curves } from "../../api.ts";
import { api, sentence } from "../data/data.ts";
import type { Line } from "../run/curves.ts";
import type { NamedLine } from "../run/line-chart.tsx";
import { mostTokens, type Multiple, Multiples, placeText, trainingMultiples } from "../run/multiples.tsx";
import { RUNS } from "../shell/runs.ts";
import { Problem, Waiting } from "../shell/states.tsx";
import type { ComparedTrial } from "./compared-trial.ts";

type CurvesByRun = ReadonlyMap<string, Curves>;

export interface TrialCurvesProps {
  readonly compared: readonly ComparedTrial[];
  readonly definitions: readonly OutcomeDefinition[];
}

export function TrialCurves({ compared, definitions }: TrialCurvesProps) {
  const onTheWay = useMemo(() => evaluationCharts(compared, definitions), [compared, definitions]);
  const ids = [...new Set(compared.flatMap(({ run }) => run ?? []))];
  const { curves, error, again } = useCurvesOf(ids);
  const training = useMemo(() => trainingCharts(compared, curves), [compared, curves]);
  return (
    <>
      {onTheWay.length > 0 && (
        <Charts title="On the way" note="held-out text" charts={onTheWay} compared={compared} />
      )}
      {error !== null && <Problem error={error} again={again} />}
      {error === null && curves.size < ids.length && <Waiting what="Reading the curves" />}
      {training.length > 0 && (
        <Charts title="Training" note="batches that were trained on" charts={training} compared={compared} />
      )}
    </>
  );
}

interface ChartsProps {
  readonly title: string;
  readonly note: string;
  readonly charts: readonly Multiple[];
  readonly compared: readonly ComparedTrial[];
}

function Charts({ title, note, charts, compared }: ChartsProps) {
  const [at, point] = useState<number | null>(null);
  const [strong, emphasise] = useState<string | null>(null);
  const most = mostTokens(charts);
  return (
    <section class="part">
      <header>
        <h2>{title}</h2>
        <p class="readout-at">
          {note}, {placeText(at, most)}
        </p>
      </header>
      <ul class="legend" aria-label="Trials">
        {compared.map(({ trial, colour }) => (
          <li
            key={trial.name}
            onMouseEnter={() => emphasise(trial.name)}
            onMouseLeave={() => emphasise(null)}
          >
            <i style={{ background: colour }} />
            <bdi>{trial.name}</bdi>
          </li>
        ))}
      </ul>
      <div class="multiples">
        <Multiples charts={charts} most={most} at={at} strong={strong} chosen={null} onPoint={point} />
      </div>
    </section>
  );
}

function evaluationCharts(
  compared: readonly ComparedTrial[],
  definitions: readonly OutcomeDefinition[],
): readonly Multiple[] {
  const names = new Set(
    compared.flatMap(({ trial }) => trial.curve.flatMap(({ values }) => Object.keys(values))),
  );
  return [...names].flatMap((name) => {
    const definition = definitions.find((one) => one.name === name);
    const lines = compared.flatMap(({ trial, colour }): NamedLine[] => {
      const points = trial.curve.flatMap(({ tokens, values }) => {
        const value = values[name];
        return value === null || value === undefined ? [] : [[tokens, value] as const];
      });
      const line: Line = { xs: points.map(([x]) => x), ys: points.map(([, y]) => y) };
      return points.length === 0 ? [] : [{ ...line, name: trial.name, colour }];
    });
    if (!lines.some(({ xs }) => xs.length > 1)) return [];
    const quantity = {
      name,
      title: definition?.label ?? name,
      note: "",
      percent: definition?.unit === "share",
      logarithmic: definition?.log ?? false,
    };
    return [{ quantity, lines }];
  });
}

function trainingCharts(compared: readonly ComparedTrial[], curves: CurvesByRun): readonly Multiple[] {
  const trained = compared.flatMap(({ trial: { name }, colour, run }) => {
    const columns = run === null ? undefined : curves.get(run)?.saes[name];
    return columns === undefined ? [] : [{ name, colour, columns }];
  });
  return trainingMultiples(trained);
}

/** Curves of runs that are done: each is asked for once. */
function useCurvesOf(ids: readonly string[]): {
  readonly curves: CurvesByRun;
  readonly error: string | null;
  readonly again: () => void;
} {
  const [curves, setCurves] = useState<CurvesByRun>(new Map());
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setError(null);
    for (const id of ids) {
      api<Curves>(`${RUNS}/${encodeURIComponent(id)}/curves`, { signal: stop.signal }).then(
        (found) => setCurves((before) => new Map([...before, [id, found]])),
        (problem: unknown) => {
          if (!stop.signal.aborted) setError(sentence(problem));
        },
      );
    }
    return () => stop.abort();
  }, [ids.join(" "), turn]);
  const wanted = useMemo(
    () => new Map([...curves].filter(([id]) => ids.includes(id))),
    [curves, ids.join(" ")],
  );
  return { curves: wanted, error, again: () => setTurn((count) => count + 1) };
}
