/**
 * What makes the prediction of a token: for each feature active at the token before it, the direct path to the logit (wide bar) and
 * what taking the feature away there really does to the log-probability (narrow bar). Both in nats, on one scale, 0 in the middle.
 */

import { useState } from "preact/hooks";
import type { Attribution } from "../../api.ts";
import { effectText } from "./text-reading.ts";
import { FeatureLink } from "../tokens/feature-link.tsx";

const FIRST = 10;

export function Attributions({ attributions }: { attributions: readonly Attribution[] }) {
  const [all, setAll] = useState(false);
  if (attributions.length === 0) return <p class="quiet">No feature is active there.</p>;
  const largest = Math.max(
    1e-6,
    ...attributions.map(({ direct, ablated }) => Math.max(Math.abs(direct), Math.abs(ablated ?? 0))),
  );
  const shown = all ? attributions : attributions.slice(0, FIRST);
  return (
    <>
      <ul class="attributions">
        {shown.map(({ feature, direct, ablated, words }) => (
          <li key={feature}>
            <FeatureLink index={feature} words={words} />
            <span class="diverging" aria-hidden="true">
              <Bar value={direct} largest={largest} kind="direct" />
              {ablated !== null && <Bar value={ablated} largest={largest} kind="ablated" />}
            </span>
            <span class="n direct" title="Direct effect on the logit">
              {effectText(direct)}
            </span>
            <span class="n ablated" title="Log-probability as it is, minus without the feature">
              {ablated === null ? "–" : effectText(ablated)}
            </span>
          </li>
        ))}
      </ul>
      {attributions.length > FIRST && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${attributions.length - FIRST} more`}
        </button>
      )}
    </>
  );
}

function Bar({ value, largest, kind }: { value: number; largest: number; kind: string }) {
  const width = (50 * Math.abs(value)) / largest;
  return (
    <i
      class={`${kind} ${value >= 0 ? "up" : "down"}`}
      style={{ left: `${value >= 0 ? 50 : 50 - width}%`, width: `${width}%` }}
    />
  );
}
