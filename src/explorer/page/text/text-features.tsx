/** The features of a text: where each is active, at a glance. Pointing at one, or reaching it with the arrows, lights it up. */

import { useContext, useState } from "preact/hooks";
import type { TextAnalysis } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { brief } from "../charts/numbers.ts";
import { setQuery } from "../shell/router.ts";
import { inOrder, type TextFeature, type TextOrder } from "./text-reading.ts";
import { Choice } from "../parts/choice.tsx";
import { LightingContext } from "../tokens/feature-link.tsx";
import { Words } from "../tokens/words.tsx";

export interface TextFeaturesProps {
  readonly analysis: TextAnalysis;
  readonly features: readonly TextFeature[];
  readonly order: TextOrder;
  readonly pinned: number | null;
}

const FIRST = 40;
const STEP = 100;

export function TextFeatures({ analysis, features, order, pinned }: TextFeaturesProps) {
  const [count, setCount] = useState(FIRST);
  const { light } = useContext(LightingContext);
  const ordered = inOrder(features, order);
  const stop = ordered.slice(0, count).some(({ index }) => index === pinned) ? pinned : ordered[0]?.index;
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const row = (event.target as Element).closest("li");
    const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
    if (next === null || next === undefined) return;
    event.preventDefault();
    next.querySelector("button")?.focus();
  };
  return (
    <section class="panel">
      <header>
        <h2>
          Features <small>{formatCount(features.length)} in this text</small>
        </h2>
        <Choice<TextOrder>
          label="Order"
          value={order}
          options={[
            ["strongest", "strongest"],
            ["sum", "sum"],
            ["tokens", "most tokens"],
          ]}
          onChange={(next) => setQuery({ order: next === "strongest" ? null : next })}
        />
      </header>
      <ul class="text-features" onKeyDown={onKey}>
        {ordered.slice(0, count).map((feature) => (
          <li key={feature.index}>
            <button
              type="button"
              aria-pressed={feature.index === pinned}
              tabIndex={feature.index === stop ? 0 : -1}
              onMouseEnter={() => light(feature.index)}
              onMouseLeave={() => light(null)}
              onFocus={() => light(feature.index)}
              onBlur={() => light(null)}
              onClick={() => setQuery({ feature: feature.index === pinned ? null : String(feature.index) })}
            >
              <b>{feature.index}</b>
              <span class="words">
                <Words words={analysis.words[feature.index] ?? ""} />
              </span>
              <Places feature={feature} />
              <span class="n">{brief(feature.max)}</span>
            </button>
          </li>
        ))}
      </ul>
      {ordered.length > count && (
        <button type="button" class="more" onClick={() => setCount(count + STEP)}>
          {formatCount(ordered.length - count)} more
        </button>
      )}
    </section>
  );
}

const WIDTH = 96;
const HEIGHT = 16;

/** Where in the text it is active, and how strongly in terms of its largest activation there. */
function Places({ feature: { values, max } }: { feature: TextFeature }) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = "";
  for (let position = 1; position < values.length; position++) {
    const value = values[position]!;
    if (value <= 0) continue;
    const height = Math.max(2, (Math.min(value, max) / max) * HEIGHT);
    path += `M${((position - 1) * step).toFixed(1)} ${HEIGHT}v${(-height).toFixed(1)}h${Math.max(1.2, step * 0.85).toFixed(1)}v${height.toFixed(1)}z`;
  }
  return (
    <svg class="places" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
