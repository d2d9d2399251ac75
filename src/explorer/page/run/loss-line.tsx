/** Where the loss with a dictionary lies between the clean model's and that of ablation: what is kept, and what is lost. */

import type { EvaluationResult } from "../../../evaluation/result.ts";
import { brief } from "../charts/numbers.ts";
import { useWidth } from "../charts/use-width.ts";

const HEIGHT = 88;
const BAR = 48;
/** Labels whose marks are closer than this stand in two rows. */
const LABEL = 150;
const SIDE = 4;

export function LossLine({ evaluation }: { evaluation: EvaluationResult }) {
  const [holder, width] = useWidth<HTMLDivElement>(640);
  const { ce_clean: clean, ce_sae: sae, ce_mean: mean, ce_zero: zero } = evaluation;
  const low = Math.min(clean, sae, mean, zero);
  const high = Math.max(clean, sae, mean, zero);
  if (!(high > low)) return null;
  const at = (loss: number) => SIDE + ((loss - low) / (high - low)) * (width - 2 * SIDE);
  const marks = [
    { loss: clean, words: "clean model", row: -1 },
    { loss: sae, words: "with the dictionary", row: 0 },
    { loss: mean, words: "mean ablation", row: Math.abs(at(mean) - at(sae)) < LABEL ? 1 : 0 },
    { loss: zero, words: "zero ablation", row: -1 },
  ];
  return (
    <div class="loss-line" ref={holder}>
      <svg
        class="chart"
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={marks.map(({ loss, words }) => `${words}: ${brief(loss, 4)} nats`).join(", ")}
      >
        <rect class="kept" x={at(sae)} y={BAR - 4} width={Math.max(0, at(zero) - at(sae))} height={8} />
        <rect class="lost" x={at(clean)} y={BAR - 4} width={Math.max(1, at(sae) - at(clean))} height={8} />
        {marks.map(({ loss, words, row }) => {
          const x = at(loss);
          const anchor = x < 70 ? "start" : x > width - 64 ? "end" : "middle";
          const label = row < 0 ? BAR + 25 : BAR - 16 - 15 * row;
          return (
            <g key={words}>
              <line
                class="mark-line"
                x1={x}
                x2={x}
                y1={row < 0 ? BAR - 4 : label + 4}
                y2={row < 0 ? BAR + 11 : BAR + 4}
              />
              <text x={x} y={label} style={{ textAnchor: anchor }}>
                {words} <tspan class="strong">{brief(loss, 4)}</tspan>
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
