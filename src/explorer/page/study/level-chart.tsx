/** An outcome at the levels of one factor: trials as faint points, the mean over the levels of all other factors with its interval. */

import type { OutcomeDefinition } from "../../../study/outcomes/outcome.ts";
import { levelText, outcomeText, valueText } from "../../../study/report/words.ts";
import type { ShownFactor } from "../../study-api.ts";
import { axisOf, linearAxis, tickTexts } from "../charts/axis.ts";
import { across, Frame, up, type Box } from "../charts/frame.tsx";
import { useWidth } from "../charts/use-width.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { valueKey } from "./selection.ts";

const HEIGHT = 176;
/** Letters of a level that have room. */
const LETTER = 6.4;

export interface LevelChartProps {
  readonly factor: ShownFactor;
  readonly definition: OutcomeDefinition;
  readonly logarithmic: boolean;
}

export function LevelChart({ factor, definition, logarithmic }: LevelChartProps) {
  const [holder, width] = useWidth<HTMLElement>(300);
  const { name, levels, trials } = factor;
  const box: Box = { left: 48, right: width - 8, top: 8, bottom: HEIGHT - 22 };
  const keys = levels.map(({ level }) => valueKey(level));
  const x = { ...linearAxis(-0.6, Math.max(0.6, levels.length - 0.4), 1), ticks: keys.map((_, at) => at) };
  const found = axisOf(
    [...trials.map(({ value }) => value), ...levels.flatMap(({ value, low, high }) => [value, low, high])],
    { logarithmic, ticks: 4 },
  );
  const y = found.logarithmic
    ? { ...found, at: (value: number) => 0.05 + 0.9 * found.at(value) }
    : linearAxis(
        found.low - 0.05 * (found.high - found.low),
        found.high + 0.05 * (found.high - found.low),
        4,
      );
  const room = (box.right - box.left) / Math.max(1, levels.length) / LETTER;
  const label = (at: number) => {
    const text = levelText(levels[at]?.level ?? null);
    return text.length > room ? `${text.slice(0, Math.max(1, Math.floor(room) - 1))}…` : text;
  };
  const means = levels.flatMap((one, at) => (one.value === null ? [] : [{ ...one, value: one.value, at }]));
  return (
    <figure ref={holder}>
      <figcaption>
        <b>
          <bdi>{name}</bdi>
        </b>
      </figcaption>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${definition.label} by ${name}: ${means.map((one) => `${levelText(one.level)} ${outcomeText(definition, { name, varies: null, ...one })}`).join(", ")}`}
      >
        <Frame box={box} x={x} y={y} xText={label} yText={tickTexts(y.ticks, definition.unit === "share")} />
        {trials.map((trial) => (
          <circle
            key={trial.name}
            class="trial-dot"
            r={2.6}
            cx={across(x, box, keys.indexOf(valueKey(trial.level)))}
            cy={up(y, box, trial.value)}
          />
        ))}
        <path
          class="line"
          style={{ stroke: "var(--series1)" }}
          d={means
            .map(
              ({ at, value }, i) =>
                `${i === 0 ? "M" : "L"}${across(x, box, at).toFixed(1)} ${up(y, box, value).toFixed(1)}`,
            )
            .join("")}
        />
        {means.map(({ level, at, value, low, high, trials: count }) => (
          <g
            key={valueKey(level)}
            class="level-mean"
            onMouseEnter={(event) =>
              showTip(
                event.currentTarget,
                <>
                  <p>
                    <b>
                      {name} {levelText(level)}
                    </b>
                  </p>
                  <p>
                    {outcomeText(definition, { name, varies: null, value, low, high })}, {count} trials
                  </p>
                </>,
              )
            }
            onMouseLeave={(event) => hideTip(event.currentTarget)}
          >
            {low !== null && high !== null && (
              <line
                x1={across(x, box, at)}
                x2={across(x, box, at)}
                y1={up(y, box, low)}
                y2={up(y, box, high)}
                style={{ stroke: "var(--series1)" }}
              />
            )}
            <circle r={4} cx={across(x, box, at)} cy={up(y, box, value)} style={{ fill: "var(--series1)" }}>
              <title>{valueText(definition, value)}</title>
            </circle>
          </g>
        ))}
      </svg>
    </figure>
  );
}
