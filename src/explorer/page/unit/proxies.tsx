/**
 * How well the unit agrees with named detectors, as in the case studies of Bricken et al. 2023: sensitivity (correlation over all tokens)
 * and specificity (of the active tokens in each interval, the share that the detector accepts).
 */

import type { ProxyResult } from "../../../features/records.ts";
import { Card } from "../parts/card.tsx";
import { briefPercent } from "../charts/numbers.ts";

/** Shown at once: those that correlate at least so much, or half of whose active tokens are accepted. */
const NOTABLE = { sensitivity: 0.1, precision: 0.5 };
const BAR = 11;
const HEIGHT = 34;

export function Proxies({ proxies }: { proxies: readonly ProxyResult[] }) {
  if (proxies.length === 0) return null;
  const ordered = [...proxies].sort((a, b) => b.sensitivity - a.sensitivity);
  const notable = ordered.filter(
    ({ sensitivity, precision }) => sensitivity >= NOTABLE.sensitivity || precision >= NOTABLE.precision,
  );
  const others = ordered.filter((proxy) => !notable.includes(proxy));
  return (
    <Card
      title="Agreement with detectors"
      note="Bars: share of the active tokens that the detector accepts, from weak to strong activations."
    >
      {notable.length === 0 && <p class="quiet">None of the {proxies.length} detectors agrees with it.</p>}
      {notable.map((proxy) => (
        <Proxy key={proxy.name} proxy={proxy} />
      ))}
      {others.length > 0 && (
        <details>
          <summary>
            {notable.length === 0 ? "All" : "The other"} {others.length}
          </summary>
          {others.map((proxy) => (
            <Proxy key={proxy.name} proxy={proxy} />
          ))}
        </details>
      )}
    </Card>
  );
}

function Proxy({
  proxy: { name, sensitivity, specificity, precision, weightedPrecision, recall },
}: {
  proxy: ProxyResult;
}) {
  const width = specificity.length * BAR;
  return (
    <div class="proxy">
      <div>
        <h3>{name}</h3>
        <p>
          correlation <b>{sensitivity.toFixed(2).replace("-", "−")}</b> · accepts{" "}
          <b>{briefPercent(precision)}</b> of active tokens ({briefPercent(weightedPrecision)} weighted) ·
          active on <b>{briefPercent(recall)}</b> of accepted ones
        </p>
      </div>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Specificity by interval: ${specificity.map((value) => (value === null ? "none" : briefPercent(value))).join(", ")}`}
      >
        <line x1="0" x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} class="axis" />
        {specificity.map((value, interval) =>
          value === null ? (
            <text key={interval} x={interval * BAR + BAR / 2} y={HEIGHT - 4} class="tick x">
              ·
            </text>
          ) : (
            <rect
              key={interval}
              x={interval * BAR + 1}
              y={HEIGHT - 1 - value * (HEIGHT - 2)}
              width={BAR - 2}
              height={Math.max(0.8, value * (HEIGHT - 2))}
            />
          ),
        )}
      </svg>
    </div>
  );
}
