/** Training curves of all dictionaries of a run, small multiples that share their hair line; live while it trains. */

import { useMemo, useState } from "preact/hooks";
import type { RunSummary } from "../../api.ts";
import { nearestPlace } from "../charts/axis.ts";
import { seriesColour } from "../charts/colours.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { useCurves } from "./use-curves.ts";
import { mostTokens, Multiples, placeText, trainingMultiples } from "./multiples.tsx";

export interface TrainingProps {
  readonly run: RunSummary;
  /** The dictionary whose values are shown where there is no room for all. */
  readonly chosen: string | null;
}

export function Training({ run, chosen }: TrainingProps) {
  const { curves, error, again } = useCurves(run);
  const [at, point] = useState<number | null>(null);
  const [strong, emphasise] = useState<string | null>(null);
  const charts = useMemo(() => chartsOf(run, curves?.saes ?? {}), [run, curves]);
  if (curves === null)
    return error === null ? <Waiting what="Reading the curves" /> : <Problem error={error} again={again} />;
  if (charts.length === 0)
    return (
      <Nothing title={curves.status === "running" ? "Training has just begun" : "No training curves"}>
        <p>
          {curves.status === "running"
            ? "The first values appear here as soon as they are written."
            : "This run has no metrics.jsonl, or nothing in it yet."}
        </p>
      </Nothing>
    );
  const names = charts[0]!.lines.map(({ name, colour }) => ({ name, colour }));
  const most = mostTokens(charts);
  const places = charts[0]!.lines.toSorted((a, b) => b.xs.length - a.xs.length)[0]!.xs;
  const step = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Escape") point(null);
    if (by === 0) return;
    event.preventDefault();
    const place = nearestPlace(places, at ?? most);
    point(places[Math.min(places.length - 1, Math.max(0, place + by))] ?? null);
  };
  return (
    <section class="part">
      <header>
        <h2>Training</h2>
        <p class="readout-at">
          {placeText(at, most)}
          {curves.status === "running" && <span class="live">live</span>}
          {error !== null && <span class="failed"> {error}</span>}
        </p>
      </header>
      <p class="note">
        Of the batches that were trained on, in the units of training, for which activations may have been
        scaled. The evaluation is of held-out text, in the model's units.
      </p>
      {names.length > 1 && (
        <ul class="legend" aria-label="Dictionaries">
          {names.map(({ name, colour }) => (
            <li key={name} onMouseEnter={() => emphasise(name)} onMouseLeave={() => emphasise(null)}>
              <i style={{ background: colour }} />
              {name}
            </li>
          ))}
        </ul>
      )}
      <div
        class="multiples"
        tabIndex={0}
        role="group"
        aria-label="Training curves; left and right arrow move along them"
        onKeyDown={step}
      >
        <Multiples charts={charts} most={most} at={at} strong={strong} chosen={chosen} onPoint={point} />
      </div>
    </section>
  );
}

/** Dictionaries keep the colour of their place in the run, here and in every other figure. */
function chartsOf(
  run: RunSummary,
  saes: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>,
) {
  const order = [...new Set([...run.saes.map(({ name }) => name), ...Object.keys(saes)])];
  const trained = order.flatMap((name, index) => {
    const columns = saes[name];
    return columns === undefined ? [] : [{ name, colour: seriesColour(index), columns }];
  });
  return trainingMultiples(trained);
}
