/** The feature that stays lit in a text, and what taking it away does there. */

import type { Ablation, TextAnalysis } from "../../api.ts";
import { brief, signed } from "../charts/numbers.ts";
import { setQuery } from "../shell/router.ts";
import type { TextFeature } from "./text-reading.ts";
import type { Computed } from "../data/use-post.ts";
import { FeatureLink } from "../tokens/feature-link.tsx";

export interface PinnedFeatureProps {
  readonly index: number;
  /** Undefined where it is nowhere active in the text. */
  readonly feature: TextFeature | undefined;
  readonly analysis: TextAnalysis;
  readonly ablation: Computed<Ablation>;
  readonly onAblate: () => void;
}

export function PinnedFeature({ index, feature, analysis, ablation, onAblate }: PinnedFeatureProps) {
  const total = ablation.data?.lossChange.reduce((sum, change) => sum + change, 0) ?? 0;
  return (
    <section class="panel pinned-feature">
      <header>
        <h2>
          <small>Feature</small> <FeatureLink index={index} words={analysis.words[index]} />
        </h2>
        <button
          type="button"
          class="quiet-button"
          aria-label="Let go of this feature"
          onClick={() => setQuery({ feature: null })}
        >
          ×
        </button>
      </header>
      <p>
        {feature === undefined
          ? "Nowhere active in this text."
          : `Active on ${feature.active} tokens, up to ${brief(feature.max)}.`}{" "}
        {ablation.data !== undefined ? (
          <>
            Without it the text's loss changes by{" "}
            <b class={total >= 0 ? "helps" : "hurts"}>{signed(total)} nats</b> in all; underlined:{" "}
            <span class="helps">where it helps</span>, <span class="hurts">where it hurts</span>.
          </>
        ) : ablation.loading ? (
          <span role="status">Ablating…</span>
        ) : (
          feature !== undefined && (
            <button type="button" onClick={ablation.error === null ? onAblate : ablation.again}>
              Ablate it here
            </button>
          )
        )}
      </p>
      {ablation.error !== null && (
        <p class="failed" role="alert">
          {ablation.error}
        </p>
      )}
    </section>
  );
}
