/** A text that was read: totals, its tokens with what is lit on them, losses, and beside it features and the chosen token. */

import { useMemo, useState } from "preact/hooks";
import type { Ablation, RunSummary, TextAnalysis } from "../../api.ts";
import { formatCount, formatPercent } from "../../../report/format.ts";
import { brief, signed } from "../charts/numbers.ts";
import { route, setQuery } from "../shell/router.ts";
import { damageOf, FAILS, featuresOf, positionOf, TEXT_ORDERS, totalsOf } from "./text-reading.ts";
import { hideTip, showTip } from "../shell/tip.tsx";
import { TokenRow } from "../tokens/tokens.tsx";
import { usePost } from "../data/use-post.ts";
import { Choice } from "../parts/choice.tsx";
import { Facts } from "../parts/facts.tsx";
import { LightingContext } from "../tokens/feature-link.tsx";
import { LossStrip } from "./loss-strip.tsx";
import { PinnedFeature } from "./pinned-feature.tsx";
import { TextFeatures } from "./text-features.tsx";
import { TextTip } from "./text-tip.tsx";
import { TokenDetail } from "./token-detail.tsx";
import { TokenTable } from "./token-table.tsx";

export interface TextResultProps {
  readonly run: RunSummary;
  readonly path: string;
  readonly text: string;
  readonly analysis: TextAnalysis;
}

const NOTHING = new Float32Array(0);
/** A smaller effect than this never has the full colour. */
const LEAST_SCALE = 0.05;

export function TextResult({ path, text, analysis }: TextResultProps) {
  const { query } = route.value;
  const { tokens } = analysis;
  const [lit, light] = useState<number | null>(null);
  const [pointed, point] = useState<number | null>(null);
  const [ablating, ablate] = useState<number | null>(null);
  const features = useMemo(() => featuresOf(analysis), [analysis]);
  const damage = useMemo(() => damageOf(analysis), [analysis]);
  const selected = positionOf(query["at"], 0, tokens.length);
  const pinned = positionOf(query["feature"], 0, Infinity);
  const order = TEXT_ORDERS.find((one) => one === query["order"]) ?? "strongest";
  const view = query["view"] === "table" ? "table" : "text";
  const ablation = usePost<Ablation>(
    `${path}ablate`,
    pinned !== null && ablating === pinned ? { text, kind: "feature", index: pinned } : null,
  );
  const lighting = useMemo(() => ({ light }), []);
  const shown = lit ?? pinned;
  const feature = features.find(({ index }) => index === shown);
  const effect = lit === null || lit === pinned ? ablation.data : undefined;
  const effects = useMemo(
    () => effect?.lossChange ?? damage.map((loss) => (loss >= FAILS ? -loss : 0)),
    [effect, damage],
  );
  const effectMax =
    effect === undefined
      ? Math.max(3, ...damage)
      : Math.max(LEAST_SCALE, ...effect.lossChange.map((change) => Math.abs(change)));
  const describe = (position: number) => (
    <TextTip analysis={analysis} position={position} feature={feature} ablation={effect} />
  );
  const select = (position: number) => setQuery({ at: position === selected ? null : String(position) });
  return (
    <LightingContext.Provider value={lighting}>
      <Totals
        analysis={analysis}
        features={features.length}
        failing={damage.filter((loss) => loss >= FAILS).length}
      />
      <div class="text-columns">
        <div class="text-main">
          <div class="text-tools">
            <Choice
              label="How the text is shown"
              value={view}
              options={[
                ["text", "text"],
                ["table", "table"],
              ]}
              onChange={(next) => setQuery({ view: next === "text" ? null : next })}
            />
            <p class="lit" aria-live="polite">
              {feature !== undefined ? (
                <>
                  <span class="ramp" aria-hidden="true" /> feature {feature.index}, up to {brief(feature.max)}
                </>
              ) : shown !== null ? (
                `feature ${shown} is nowhere active`
              ) : (
                "Point at a feature to see where it is active; choose a token to see what makes it."
              )}
            </p>
          </div>
          {view === "text" ? (
            <div class="text-tokens">
              <TokenRow
                tokens={tokens}
                from={0}
                to={tokens.length}
                activations={feature?.values ?? NOTHING}
                max={feature?.max ?? 0}
                effects={effects}
                effectMax={effectMax}
                breaks
                centre={selected}
                describe={describe}
                onSelect={select}
                onPoint={point}
                label="The text"
              />
            </div>
          ) : (
            <TokenTable
              analysis={analysis}
              damage={damage}
              selected={selected}
              activations={feature?.values ?? NOTHING}
              max={feature?.max ?? 0}
              onSelect={select}
            />
          )}
          {analysis.cut && <p class="quiet">The text was cut: the model has positions for no more tokens.</p>}
          {tokens.length > 1 && view === "text" && (
            <LossStrip
              analysis={analysis}
              damage={damage}
              selected={selected}
              pointed={pointed}
              onSelect={select}
              onPoint={(position, of) => {
                point(position);
                if (position === null) hideTip(of);
                else showTip(of, describe(position));
              }}
            />
          )}
        </div>
        <div class="text-side">
          {pinned !== null && (
            <PinnedFeature
              index={pinned}
              feature={features.find(({ index }) => index === pinned)}
              analysis={analysis}
              ablation={ablation}
              onAblate={() => ablate(pinned)}
            />
          )}
          {selected !== null && (
            <TokenDetail path={path} text={text} analysis={analysis} position={selected} />
          )}
          <TextFeatures analysis={analysis} features={features} order={order} pinned={pinned} />
        </div>
      </div>
    </LightingContext.Provider>
  );
}

function Totals({
  analysis,
  features,
  failing,
}: {
  analysis: TextAnalysis;
  features: number;
  failing: number;
}) {
  const totals = totalsOf(analysis);
  if (totals.predicted === 0) return null;
  return (
    <Facts
      facts={[
        {
          name: "Loss, clean model",
          value: brief(totals.clean),
          below: `nats a token, over ${formatCount(totals.predicted)}`,
        },
        {
          name: "With the dictionary",
          value: brief(totals.reconstructed),
          below: `${signed(totals.reconstructed - totals.clean, 2)}; fails on ${formatCount(failing)}`,
        },
        { name: "Activation ablated", value: brief(totals.ablated), below: "replaced by zero" },
        {
          name: "Loss recovered",
          value: totals.recovered === null ? "–" : formatPercent(totals.recovered),
          below:
            totals.recovered === null
              ? "ablation costs nothing here"
              : `of the ${brief(totals.ablated - totals.clean, 2)} nats that ablation costs`,
        },
        { name: "L0", value: brief(totals.l0), below: `${formatCount(features)} features in all` },
      ]}
    />
  );
}
