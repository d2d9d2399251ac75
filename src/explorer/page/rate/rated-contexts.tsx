/** Contexts of a unit of which nothing else may be known: colours are shares of its maximum, and no tip says more. */

import { useState } from "preact/hooks";
import type { RatedContext } from "../../api.ts";
import { briefPercent } from "../charts/numbers.ts";
import { windowAround } from "../unit/example-groups.ts";
import { escapedToken } from "../tokens/token-text.ts";
import { TokenRow } from "../tokens/tokens.tsx";
import { WholeToggle } from "../parts/whole-toggle.tsx";

const REACH = 12;

export function RatedContexts({ contexts, label }: { contexts: readonly RatedContext[]; label: string }) {
  return (
    <div class="rated-contexts">
      {contexts.map((context, at) => (
        <RatedContextRow key={at} context={context} label={`${label}, context ${at + 1}`} />
      ))}
      {contexts.length === 0 && <p class="quiet">No context of this interval was found.</p>}
    </div>
  );
}

function RatedContextRow({
  context: { tokens, activations, position },
  label,
}: {
  context: RatedContext;
  label: string;
}) {
  const [whole, setWhole] = useState(false);
  const [from, to] = windowAround(position, whole ? null : REACH, tokens.length);
  const value = activations[position] ?? 0;
  return (
    <div class="context rated">
      <span
        class="value"
        title="Share of the unit's maximum"
        style={{ "--w": Math.max(0, Math.min(1, value)).toFixed(3) }}
      >
        {briefPercent(value)}
      </span>
      <TokenRow
        tokens={tokens}
        from={from}
        to={to}
        activations={activations}
        max={1}
        centre={position}
        align={!whole}
        describe={(at) => (
          <>
            <p class="tip-token">
              <bdi>{escapedToken(tokens[at] ?? "")}</bdi>
            </p>
            <dl>
              <dt>Activation</dt>
              <dd>{(activations[at] ?? 0) > 0 ? `${briefPercent(activations[at]!)} of max` : "0"}</dd>
            </dl>
          </>
        )}
        label={label}
      />
      <span class="row-tools">
        {tokens.length > 2 * REACH + 1 && <WholeToggle whole={whole} onChange={setWhole} />}
      </span>
    </div>
  );
}
