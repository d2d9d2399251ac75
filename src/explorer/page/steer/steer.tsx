/** Steering: text generated with any features or neurons changed, beside the same text without. */

import { NotLive, whyNotLive } from "../parts/live.tsx";
import { SteeringBench } from "./steering-bench.tsx";
import type { PageProps } from "../page.ts";
import { DEFAULTS } from "./steering.ts";
import "../charts/charts.css";

export function SteerPage({ run, sae }: PageProps) {
  if (sae === null) return null;
  if (whyNotLive(run.live) !== null) return <NotLive run={run} what="Steering needs the model" />;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Steer</h1>
        <p class="page-sub">
          What the model writes when features are changed at {run.hook ?? "the hook point"}
        </p>
      </header>
      <SteeringBench key={`${run.id}/${sae.name}`} run={run} sae={sae} defaults={DEFAULTS} fixed={0} />
    </div>
  );
}
