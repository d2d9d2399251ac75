/** What the tip says of a token: what it is, how active the unit is on it, what taking the unit away does. */

import type { TokenChange } from "../../api.ts";
import { TokenChip } from "./token.tsx";
import { escapedToken, type Piece } from "./token-text.ts";
import { brief, briefPercent, signed } from "../charts/numbers.ts";

export interface TokenTipProps {
  readonly token: string;
  readonly position: number;
  readonly activation: number;
  /** What is shown of it where it shares a character with its neighbours. */
  readonly shared?: readonly Piece[] | undefined;
  /** The unit's maximum. */
  readonly max: number;
  readonly what: "feature" | "neuron";
  /** Change of this token's loss without the unit; null where it was not computed. */
  readonly effect: number | null;
  readonly lowered: readonly TokenChange[];
  readonly raised: readonly TokenChange[];
}

/** Changes smaller than this, in nats, are called none. */
const NOTHING = 5e-4;
const MOST = 5;

export function TokenTip({
  token,
  shared,
  position,
  activation,
  max,
  what,
  effect,
  lowered,
  raised,
}: TokenTipProps) {
  return (
    <>
      <p class="tip-token">
        <bdi>{escapedToken(token)}</bdi>
        <span>token {position}</span>
      </p>
      {shared !== undefined && (
        <p class="tip-note">
          {shared.some(({ kind }) => kind === "rest") ? "Ends a character begun before it." : "Begins "}
          {shared.some(({ kind }) => kind === "rest")
            ? ""
            : `${shared.map(({ text }) => text).join("")}, which the next token completes.`}
        </p>
      )}
      <dl>
        <dt>Activation</dt>
        <dd>
          {activation > 0 ? brief(activation) : "0"}
          {activation > 0 && max > 0 && <small>{briefPercent(activation / max)} of max</small>}
        </dd>
        {effect !== null && (
          <>
            <dt>Its loss without the {what}</dt>
            <dd>
              <Effect value={effect} what={what} />
            </dd>
          </>
        )}
      </dl>
      {effect === null && <p class="tip-note">Ablation not computed here.</p>}
      {(lowered.length > 0 || raised.length > 0) && (
        <div class="tip-changes">
          <p>Next token, with → without the {what}</p>
          <Changes changes={lowered} kind="helps" />
          <Changes changes={raised} kind="hurts" />
        </div>
      )}
    </>
  );
}

function Effect({ value, what }: { value: number; what: string }) {
  if (Math.abs(value) < NOTHING) return <>no change</>;
  return (
    <>
      <b class={value > 0 ? "helps" : "hurts"}>{signed(value)} nats</b>
      <small>{value > 0 ? `the ${what} helps here` : `the ${what} hurts here`}</small>
    </>
  );
}

function Changes({ changes, kind }: { changes: readonly TokenChange[]; kind: string }) {
  if (changes.length === 0) return null;
  return (
    <ul>
      {changes.slice(0, MOST).map(({ token, before, after }, at) => (
        <li key={at}>
          <TokenChip token={token} />
          <span class={kind}>
            {briefPercent(before)} → {briefPercent(after)}
          </span>
        </li>
      ))}
    </ul>
  );
}
