/** A token that was chosen in a text: its losses, what makes its prediction, and the features that are active on it. */

import { useState } from "preact/hooks";
import type { Attribution, TextAnalysis } from "../../api.ts";
import { brief, signed } from "../charts/numbers.ts";
import { setQuery } from "../shell/router.ts";
import { FAILS } from "./text-reading.ts";
import { TokenChip } from "../tokens/token.tsx";
import { usePost } from "../data/use-post.ts";
import { Attributions } from "./attributions.tsx";
import { FeatureLink } from "../tokens/feature-link.tsx";

export interface TokenDetailProps {
  /** Of the dictionary, below which `attribution` is. */
  readonly path: string;
  readonly text: string;
  readonly analysis: TextAnalysis;
  readonly position: number;
}

const FIRST = 8;

export function TokenDetail({ path, text, analysis, position }: TokenDetailProps) {
  const { tokens, clean, reconstructed, ablated } = analysis;
  const attribution = usePost<readonly Attribution[]>(
    `${path}attribution`,
    position === 0 ? null : { text, position: position - 1 },
  );
  const loss = clean[position];
  const damage = (reconstructed[position] ?? 0) - (loss ?? 0);
  return (
    <section class="panel chosen-token">
      <header>
        <h2>
          <TokenChip token={tokens[position]!} /> <small>token {position}</small>
        </h2>
        <span class="panel-tools">
          <button
            type="button"
            class="quiet-button"
            disabled={position === 0}
            aria-label="The token before"
            onClick={() => setQuery({ at: String(position - 1) })}
          >
            ‹
          </button>
          <button
            type="button"
            class="quiet-button"
            disabled={position === tokens.length - 1}
            aria-label="The token after"
            onClick={() => setQuery({ at: String(position + 1) })}
          >
            ›
          </button>
          <button
            type="button"
            class="quiet-button"
            aria-label="Close"
            onClick={() => setQuery({ at: null })}
          >
            ×
          </button>
        </span>
      </header>
      {loss === null || loss === undefined ? (
        <p class="quiet">The separator before the text: nothing predicts it.</p>
      ) : (
        <>
          <dl class="losses">
            <dt>Loss</dt>
            <dd>
              {brief(loss)} <small>p = {brief(Math.exp(-loss), 2)}</small>
            </dd>
            <dt>with the dictionary</dt>
            <dd class={damage >= FAILS ? "hurts" : ""}>
              {brief(reconstructed[position]!)} <small>{signed(damage, 2)}</small>
            </dd>
            <dt>activation ablated</dt>
            <dd>{brief(ablated[position]!)}</dd>
          </dl>
          <h3>
            What predicts it <small>features active on</small> <TokenChip token={tokens[position - 1]!} />
          </h3>
          <p class="note attribution-key">
            <span>
              <i class="direct" /> direct effect on the logit
            </span>
            <span>
              <i class="ablated" /> change of log p, checked by ablation there
            </span>
          </p>
          {attribution.error !== null ? (
            <p class="failed" role="alert">
              {attribution.error}{" "}
              <button type="button" onClick={attribution.again}>
                Try again
              </button>
            </p>
          ) : attribution.data === undefined ? (
            <p class="quiet waiting" role="status">
              <span class="pulse" aria-hidden="true" />
              Ablating…
            </p>
          ) : (
            <Attributions key={position} attributions={attribution.data} />
          )}
        </>
      )}
      <ActiveFeatures key={position} analysis={analysis} position={position} />
    </section>
  );
}

function ActiveFeatures({ analysis, position }: { analysis: TextAnalysis; position: number }) {
  const [all, setAll] = useState(false);
  const active = analysis.features[position]!;
  const largest = active[0]?.[1] ?? 1;
  return (
    <>
      <h3>
        Active on it <small>{active.length} features</small>
      </h3>
      <ul class="active-features">
        {(all ? active : active.slice(0, FIRST)).map(([index, value]) => (
          <li key={index}>
            <FeatureLink index={index} words={analysis.words[index]} />
            <span class="n share on" style={{ "--w": (value / largest).toFixed(3) }}>
              {brief(value)}
            </span>
          </li>
        ))}
      </ul>
      {active.length > FIRST && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${active.length - FIRST} more`}
        </button>
      )}
    </>
  );
}
