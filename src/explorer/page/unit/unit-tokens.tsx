/** The tokens that a unit is active on most: how often of their occurrences, and how strongly. */

import type { UnitPage } from "../../api.ts";
import { formatCount } from "../../../report/format.ts";
import { TokenChip } from "../tokens/token.tsx";
import { Card } from "../parts/card.tsx";
import { brief, briefPercent } from "../charts/numbers.ts";

const SHOWN = 12;

export function UnitTokens({ tokens, max }: { tokens: UnitPage["tokens"]; max: number }) {
  if (tokens.length === 0) return null;
  return (
    <Card title="Tokens that it is active on" note="In the sample for token tables, largest total first.">
      <div class="scroll">
        <table class="unit-tokens">
          <thead>
            <tr>
              <th>token</th>
              <th class="n">active on</th>
              <th class="n">of its occurrences</th>
              <th class="n">mean</th>
            </tr>
          </thead>
          <tbody>
            {tokens.slice(0, SHOWN).map(({ token, active, occurred, mean }, at) => (
              <tr key={at}>
                <td>
                  <TokenChip token={token} />
                </td>
                <td class="n">{formatCount(active)}</td>
                <td class="n share" style={{ "--w": occurred > 0 ? (active / occurred).toFixed(3) : "0" }}>
                  {occurred > 0 ? briefPercent(active / occurred, 3) : "–"}
                </td>
                <td class="n share on" style={{ "--w": max > 0 ? (mean / max).toFixed(3) : "0" }}>
                  {brief(mean)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
