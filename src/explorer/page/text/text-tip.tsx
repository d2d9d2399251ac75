/** What the tip says of a token of a text that was read. */

import type { Ablation, TextAnalysis } from "../../api.ts";
import { brief, signed } from "../charts/numbers.ts";
import { FAILS, type TextFeature } from "./text-reading.ts";
import { TokenTip } from "../tokens/token-tip.tsx";
import { escapedToken } from "../tokens/token-text.ts";
import { Words } from "../tokens/words.tsx";

export interface TextTipProps {
  readonly analysis: TextAnalysis;
  readonly position: number;
  /** The one that is lit. */
  readonly feature: TextFeature | undefined;
  /** Of the one that is lit, where it was computed. */
  readonly ablation: Ablation | undefined;
}

const FEATURES = 5;

export function TextTip({ analysis, position, feature, ablation }: TextTipProps) {
  const token = analysis.tokens[position] ?? "";
  if (feature !== undefined && ablation !== undefined)
    return (
      <TokenTip
        token={token}
        position={position}
        activation={feature.values[position] ?? 0}
        max={feature.max}
        what="feature"
        effect={ablation.lossChange[position] ?? null}
        lowered={ablation.lowered[position] ?? []}
        raised={ablation.raised[position] ?? []}
      />
    );
  const loss = analysis.clean[position];
  const damage = (analysis.reconstructed[position] ?? 0) - (loss ?? 0);
  const active = analysis.features[position] ?? [];
  return (
    <>
      <p class="tip-token">
        <bdi>{escapedToken(token)}</bdi>
        <span>token {position}</span>
      </p>
      {loss !== null && loss !== undefined && (
        <dl>
          <dt>Loss, clean</dt>
          <dd>{brief(loss)}</dd>
          <dt>with the dictionary</dt>
          <dd>
            <span class={damage >= FAILS ? "hurts" : ""}>
              {brief(analysis.reconstructed[position]!)} ({signed(damage, 2)})
            </span>
          </dd>
          <dt>activation ablated</dt>
          <dd>{brief(analysis.ablated[position]!)}</dd>
          {feature !== undefined && (
            <>
              <dt>Feature {feature.index}</dt>
              <dd>{brief(feature.values[position] ?? 0)}</dd>
            </>
          )}
        </dl>
      )}
      {active.length > 0 && (
        <div class="tip-changes">
          <p>{active.length} features, the strongest</p>
          <ul>
            {active.slice(0, FEATURES).map(([index, value]) => (
              <li key={index} class="tip-feature">
                <span>
                  <b>{index}</b> <Words words={analysis.words[index] ?? ""} />
                </span>
                <span>{brief(value)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
