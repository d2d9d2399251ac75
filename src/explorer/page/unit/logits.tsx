/** What a unit does to the model's output directly: the tokens whose logits its direction raises and lowers most, among all of them. */

import { ticksBetween } from "../charts/scale.ts";
import type { ShownWeight, UnitPage } from "../../api.ts";
import { TokenChip } from "../tokens/token.tsx";
import { Card } from "../parts/card.tsx";
import { short } from "./histogram.tsx";
import { signed } from "../charts/numbers.ts";

const SHOWN = 10;
const WIDTH = 400;
const HEIGHT = 112;
const BOTTOM = 20;
const SIDE = 10;

export function Logits({ logits }: { logits: UnitPage["logits"] }) {
  if (logits === null) return null;
  const { top, bottom, histogram, path } = logits;
  return (
    <Card
      title="Logits that it moves"
      note={
        path === "exact"
          ? "Its direction through the unembedding, median 0."
          : "Its direct path to the unembedding, later layers passed over; median 0."
      }
    >
      <div class="logits">
        <Weights words="Raised" weights={top} kind="up" />
        <Weights words="Lowered" weights={bottom} kind="down" />
      </div>
      <WeightHistogram histogram={histogram} top={top} bottom={bottom} />
    </Card>
  );
}

function Weights({ words, weights, kind }: { words: string; weights: readonly ShownWeight[]; kind: string }) {
  const largest = Math.max(...weights.map(({ value }) => Math.abs(value)), 1e-12);
  return (
    <div>
      <h3>{words}</h3>
      <ol class={`weights ${kind}`}>
        {weights.slice(0, SHOWN).map(({ token, value }, at) => (
          <li key={at} style={{ "--w": (Math.abs(value) / largest).toFixed(3) }}>
            <TokenChip token={token} />
            <span class="value">{signed(value)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

type HistogramProps = Pick<NonNullable<UnitPage["logits"]>, "histogram" | "top" | "bottom">;

/** Counts by their logarithm, since nearly all tokens are near 0; the listed ones are marked below. */
function WeightHistogram({ histogram: { start, width, counts }, top, bottom }: HistogramProps) {
  const end = start + width * counts.length;
  if (!(end > start)) return null;
  const highest = Math.log1p(Math.max(1, ...counts));
  const across = (value: number) => SIDE + ((value - start) / (end - start)) * (WIDTH - 2 * SIDE);
  const base = HEIGHT - BOTTOM - 8;
  const most = Math.max(...counts);
  return (
    <svg
      class="histogram logit"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="Histogram of logit weights over the vocabulary"
    >
      {counts.map((count, bin) => {
        if (count === 0) return null;
        const value = start + (bin + 0.5) * width;
        const height = Math.max(1, (Math.log1p(count) / highest) * (base - 12));
        return (
          <rect
            key={bin}
            class={value >= 0 ? "up" : "down"}
            x={across(start + bin * width) + 0.4}
            y={base - height}
            width={Math.max(0.6, (WIDTH - 2 * SIDE) / counts.length - 0.8)}
            height={height}
          />
        );
      })}
      <line class="axis" x1={SIDE} x2={WIDTH - SIDE} y1={base} y2={base} />
      {[...top, ...bottom].map(({ value }, at) => (
        <line
          key={at}
          class={`mark ${value >= 0 ? "up" : "down"}`}
          x1={across(value)}
          x2={across(value)}
          y1={base + 1}
          y2={base + 7}
        />
      ))}
      {ticksBetween(start, end, 5).map((tick) => (
        <text key={tick} class="tick x" x={across(tick)} y={HEIGHT - 4}>
          {String(tick).replace("-", "−")}
        </text>
      ))}
      <text class="name start" x={SIDE} y={9}>
        tokens of the vocabulary, log scale (highest bar {short(most)})
      </text>
    </svg>
  );
}
