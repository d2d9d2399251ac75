/** One context of a unit: how active it is on the token that it was chosen for, and the text around it. */

import { useMemo, useState } from "preact/hooks";
import type { Ablation, ShownContext } from "../../api.ts";
import type { Example } from "../../../features/records.ts";
import { formatCount } from "../../../report/format.ts";
import { setToken, type ContextView } from "./context-view.ts";
import { activationsOf, windowAround } from "./example-groups.ts";
import { sharedPieces } from "../tokens/split-characters.ts";
import { TokenTip } from "../tokens/token-tip.tsx";
import { TokenRow } from "../tokens/tokens.tsx";
import { placeKey } from "./use-ablations.ts";
import { brief } from "../charts/numbers.ts";
import { WholeToggle } from "../parts/whole-toggle.tsx";

export interface ContextRowProps {
  readonly group: string;
  readonly example: Example;
  readonly context: ShownContext;
  readonly max: number;
  readonly what: "feature" | "neuron";
  readonly view: ContextView;
  readonly ablation: Ablation | undefined;
  readonly fullFrom: number;
  readonly onAblate: (() => void) | undefined;
}

export function ContextRow(props: ContextRowProps) {
  const { group, example, context, max, what, view, ablation, fullFrom, onAblate } = props;
  const { tokens } = context;
  const [whole, setWhole] = useState(false);
  const activations = useMemo(() => activationsOf(example, tokens.length), [example, tokens]);
  const [from, to] = windowAround(example.position, whole ? null : view.reach, tokens.length);
  const row = `${group}.${placeKey(example)}`;
  const at = view.at?.startsWith(`${row}.`) === true ? Number(view.at.slice(row.length + 1)) : null;
  const align = !whole && view.reach !== null && !view.breaks;
  const describe = (position: number) => (
    <TokenTip
      token={tokens[position] ?? ""}
      shared={sharedPieces(tokens)[position]}
      position={position}
      activation={activations[position] ?? 0}
      max={max}
      what={what}
      effect={ablation?.lossChange[position] ?? null}
      lowered={ablation?.lowered[position] ?? []}
      raised={ablation?.raised[position] ?? []}
    />
  );
  const where = `${example.split === "train" ? "Training" : "Held-out"} text, document ${formatCount(example.document)}, context ${formatCount(example.context)}, token ${example.position}`;
  return (
    <div class="context">
      <span class="value" title={where} style={{ "--w": max > 0 ? (example.value / max).toFixed(3) : "0" }}>
        {example.value > 0 ? brief(example.value) : "0"}
      </span>
      <TokenRow
        tokens={tokens}
        from={from}
        to={to}
        activations={activations}
        max={max}
        effects={ablation?.lossChange}
        effectMax={fullFrom}
        centre={example.position}
        align={align}
        breaks={view.breaks}
        selected={at}
        describe={describe}
        onSelect={(position) => setToken(position === at ? null : `${row}.${position}`)}
        label={`Activation ${brief(example.value)}. ${where}`}
      />
      <span class="row-tools">
        {ablation === undefined && onAblate !== undefined && (
          <button type="button" onClick={onAblate} title="Ablate here" aria-label="Ablate in this context">
            Δ
          </button>
        )}
        {view.reach !== null && <WholeToggle whole={whole} onChange={setWhole} />}
      </span>
    </div>
  );
}
