/** A text as a table: every token with its losses and its strongest features. */

import type { TextAnalysis } from "../../api.ts";
import { brief, signed } from "../charts/numbers.ts";
import { FAILS } from "./text-reading.ts";
import { TokenChip } from "../tokens/token.tsx";
import { FeatureLink } from "../tokens/feature-link.tsx";

export interface TokenTableProps {
  readonly analysis: TextAnalysis;
  readonly damage: readonly number[];
  readonly selected: number | null;
  /** Of the feature that is lit. */
  readonly activations: ArrayLike<number>;
  readonly max: number;
  readonly onSelect: (position: number) => void;
}

const FEATURES = 5;

export function TokenTable({ analysis, damage, selected, activations, max, onSelect }: TokenTableProps) {
  const { tokens, features, words, clean } = analysis;
  return (
    <div class="scroll">
      <table class="token-table">
        <thead>
          <tr>
            <th />
            <th>token</th>
            <th class="n">loss</th>
            <th class="n">with dictionary</th>
            <th>strongest features</th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token, position) => (
            <tr key={position} class={position === selected ? "selected" : undefined}>
              <td class="n quiet-cell">{position}</td>
              <td class="token-cell">
                <button
                  type="button"
                  class={(activations[position] ?? 0) > 0 ? "t on" : "t"}
                  style={{ "--a": max > 0 ? ((activations[position] ?? 0) / max).toFixed(3) : "0" }}
                  onClick={() => onSelect(position)}
                >
                  <TokenChip token={token} />
                </button>
              </td>
              <td class="n">{clean[position] === null ? "–" : brief(clean[position]!, 3)}</td>
              <td class={damage[position]! >= FAILS ? "n hurts" : "n"}>
                {clean[position] === null ? "–" : signed(damage[position]!, 2)}
              </td>
              <td class="feature-cells">
                {features[position]!.slice(0, FEATURES).map(([index, value]) => (
                  <span key={index}>
                    <FeatureLink index={index} words={words[index]} />
                    <small>{brief(value, 2)}</small>
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
