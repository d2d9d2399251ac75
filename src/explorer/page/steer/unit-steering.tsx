/** Experiments with one unit in place: text generated with it changed beside text without. */

import { useMemo } from "preact/hooks";
import type { GenerationRequest, RunSummary, SaeSummary } from "../../api.ts";
import type { UnitKind } from "../../../features/units.ts";
import { href, route, there } from "../shell/router.ts";
import { DEFAULTS, queryOf, rounded, settingsOf } from "./steering.ts";
import { NotLive, whyNotLive } from "../parts/live.tsx";
import { SteeringBench } from "./steering-bench.tsx";

export interface SteerProps {
  readonly run: RunSummary;
  readonly sae: SaeSummary;
  readonly kind: UnitKind;
  readonly index: number;
  /** Its largest activation: where a clamp starts. */
  readonly max: number;
}

export function Steer(props: SteerProps) {
  const { run, sae, kind, index } = props;
  if (whyNotLive(run.live) !== null) return <NotLive run={run} what="Experiments need the model" />;
  return <Experiments key={`${run.id}/${sae.name}/${kind}/${index}`} {...props} />;
}

function Experiments({ run, sae, kind, index, max }: SteerProps) {
  const defaults = useMemo<GenerationRequest>(
    () => ({
      ...DEFAULTS,
      interventions: [{ kind, index, mode: "clamp", value: max > 0 ? rounded(max) : 1 }],
    }),
    [kind, index, max],
  );
  const said = settingsOf(route.value.query, defaults);
  const query = Object.entries(queryOf(said)).filter((entry): entry is [string, string] => entry[1] !== null);
  return (
    <SteeringBench run={run} sae={sae} defaults={defaults} fixed={1}>
      <p class="note">
        The {kind} is pinned at its maximum while the model continues the prompt, as in the pinned sampling of
        Bricken et al. 2023.{" "}
        <a href={href(there({ page: "steer", query: Object.fromEntries(query) }))}>On a page of its own</a>
        {kind === "feature" && (
          <>
            {" · "}
            <a href={href(there({ page: "text", query: { feature: String(index) } }))}>
              in a text of your own
            </a>
          </>
        )}
      </p>
    </SteeringBench>
  );
}
