/** Any two outcomes of the trials against each other, with their intervals, and the trials that no other beats in both. */

import {
  type Outcome,
  type OutcomeDefinition,
  outcomeOf,
  type StudyOutcomes,
  type TrialOutcomes,
} from "../../../study/outcomes/outcome.ts";
import { paretoFront, type Direction, type Standing } from "../../../statistics/pareto.ts";
import { outcomeText } from "../../../study/report/words.ts";
import { Choice } from "../parts/choice.tsx";
import { route, setQuery } from "../shell/router.ts";
import { theme } from "../shell/theme.ts";
import { factorColours } from "./factor-colours.ts";
import { OutcomeSelect } from "./outcome-select.tsx";
import { ScatterPlot, type ScatterDot } from "./scatter-plot.tsx";

export interface OutcomeScatterProps {
  readonly outcomes: StudyOutcomes;
  /** Those that are drawn. */
  readonly trials: readonly TrialOutcomes[];
  readonly chosen: readonly string[];
  readonly strong: string | null;
  readonly onPick: (name: string) => void;
  readonly onPoint: (name: string | null) => void;
}

export function OutcomeScatter(props: OutcomeScatterProps) {
  const { outcomes, trials, chosen, strong, onPick, onPoint } = props;
  const { query } = route.value;
  const { definitions } = outcomes;
  const named = (name: string | undefined) => definitions.find((one) => one.name === name);
  const x = named(query["x"]) ?? named("l0") ?? definitions[0];
  const y = named(query["y"]) ?? named(outcomes.primary.find((name) => name !== x?.name)) ?? definitions[1];
  if (x === undefined || y === undefined) return null;
  const factors = Object.entries(outcomes.factors).filter(([, values]) => values.length > 1);
  const [factor = null, values = []] =
    factors.find(([name]) => name === query["colour"]) ??
    (query["colour"] === "-" ? [] : (factors.find(([name]) => name !== "seed") ?? []));
  const colours = factorColours(factor, values, theme.value);
  const directions = {
    x: directionOf(x, query["better-x"], "lower"),
    y: directionOf(y, query["better-y"], "higher"),
  };
  const isFront = query["front"] !== "no";
  const both = trials.flatMap((trial) => {
    const [left, up] = [outcomeOf(trial, x.name), outcomeOf(trial, y.name)];
    return left === undefined || up === undefined ? [] : [{ trial, x: left, y: up }];
  });
  const standings = standingsOf(both, directions);
  const dots = both.map((one, at): ScatterDot => ({
    id: one.trial.name,
    colour: colours.of(one.trial),
    hollow: one.trial.shuffled,
    x: one.x,
    y: one.y,
    front: isFront && standings[at]!.onFront,
    words: frontWords(standings[at]!, isFront),
  }));
  return (
    <figure class="scatter">
      <figcaption>
        <OutcomeSelect
          label="Across"
          definitions={definitions}
          value={x.name}
          onChange={(name) => setQuery({ x: name, "better-x": null })}
        />
        <OutcomeSelect
          label="Upwards"
          definitions={definitions}
          value={y.name}
          onChange={(name) => setQuery({ y: name, "better-y": null })}
        />
        {factors.length > 0 && (
          <label class="sort">
            Colour
            <select
              value={factor ?? "-"}
              aria-label="Colour"
              onChange={(event) => setQuery({ colour: event.currentTarget.value })}
            >
              <option value="-">one</option>
              {factors.map(([name]) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isFront}
            onChange={(event) => setQuery({ front: event.currentTarget.checked ? null : "no" })}
          />
          Pareto front
        </label>
        {isFront && x.better === null && (
          <Better axis="x" label={x.label} value={directions.x} usual="lower" />
        )}
        {isFront && y.better === null && (
          <Better axis="y" label={y.label} value={directions.y} usual="higher" />
        )}
      </figcaption>
      {colours.legend.length > 0 && (
        <ul class="legend" aria-label={`Colours of ${factor}`}>
          <li class="quiet">{factor}</li>
          {colours.legend.map(({ words, colour }) => (
            <li key={words}>
              <i style={{ background: colour }} />
              {words}
            </li>
          ))}
        </ul>
      )}
      {dots.length === 0 ? (
        <p class="quiet">No trial {trials.length === 0 ? "is shown" : "has both outcomes yet"}.</p>
      ) : (
        <ScatterPlot
          dots={dots}
          x={x}
          y={y}
          front={isFront}
          chosen={chosen}
          strong={strong}
          onPick={onPick}
          onPoint={onPoint}
          describe={({ id, words }) => {
            const one = both.find(({ trial }) => trial.name === id)!;
            return (
              <>
                <p>
                  <b>{id}</b>
                </p>
                <dl>
                  <dt>{y.label}</dt>
                  <dd>{outcomeText(y, one.y)}</dd>
                  <dt>{x.label}</dt>
                  <dd>{outcomeText(x, one.x)}</dd>
                </dl>
                {words !== null && <p class="tip-note">{words}</p>}
              </>
            );
          }}
        />
      )}
      <p class="note">
        Lines are 95 % intervals; where there is none, nothing says how sure a point is. A press on a point
        chooses its trial.
        {trials.some(({ shuffled }) => shuffled) &&
          " Hollow points are controls on shuffled weights, with a front of their own that is not drawn."}
      </p>
    </figure>
  );
}

interface BetterProps {
  readonly axis: "x" | "y";
  readonly label: string;
  readonly value: Direction;
  readonly usual: Direction;
}

/** Where neither end of an outcome is a virtue of its own, a person says which one is wanted. */
function Better({ axis, label, value, usual }: BetterProps) {
  return (
    <span class="sort">
      {label}:
      <Choice<Direction>
        label={`Better ${label}`}
        value={value}
        options={[
          ["lower", "lower"],
          ["higher", "higher"],
        ]}
        onChange={(next) => setQuery({ [`better-${axis}`]: next === usual ? null : next })}
      />
      is better
    </span>
  );
}

function directionOf({ better }: OutcomeDefinition, asked: string | undefined, usual: Direction): Direction {
  if (better !== null) return better;
  return asked === "higher" || asked === "lower" ? asked : usual;
}

type Pair = { readonly trial: TrialOutcomes; readonly x: Outcome; readonly y: Outcome };

/** Controls stand in no front of the others. */
function standingsOf(pairs: readonly Pair[], better: { x: Direction; y: Direction }): readonly Standing[] {
  const none: Standing = { onFront: false, reachesFront: false, staysOnFront: false, dominatedBy: [] };
  const real = pairs.filter(({ trial }) => !trial.shuffled);
  const { standings } = paretoFront(
    real.map(({ x, y }) => ({ x: x.value, y: y.value, xInterval: ends(x), yInterval: ends(y) })),
    better,
  );
  return pairs.map((pair) => standings[real.indexOf(pair)] ?? none);
}

function ends({ low, high }: Outcome): [number, number] | null {
  return low === null || high === null ? null : [low, high];
}

function frontWords({ onFront, reachesFront, staysOnFront }: Standing, isFront: boolean): string | null {
  if (!isFront) return null;
  if (staysOnFront) return "On the front, wherever in the intervals the truth is.";
  if (onFront) return "On the front; within the intervals another may beat it.";
  return reachesFront ? "Not on the front; within the intervals it may be." : null;
}
