/** Loss of every token of a text: bars for the clean model, a line for the reconstruction, dots for the ablated activation. */

import type { TextAnalysis } from "../../api.ts";
import { linearAxis, tickText } from "../charts/axis.ts";
import { FAILS } from "./text-reading.ts";
import { useWidth } from "../charts/use-width.ts";
import { up, type Box } from "../charts/frame.tsx";

export interface LossStripProps {
  readonly analysis: TextAnalysis;
  readonly damage: readonly number[];
  readonly selected: number | null;
  readonly pointed: number | null;
  readonly onPoint: (position: number | null, of: Element) => void;
  readonly onSelect: (position: number) => void;
}

const HEIGHT = 118;
const WIDEST = 26;

export function LossStrip({ analysis, damage, selected, pointed, onPoint, onSelect }: LossStripProps) {
  const [holder, width] = useWidth<HTMLDivElement>(700);
  const { clean, reconstructed, ablated } = analysis;
  const count = Math.max(1, clean.length - 1);
  const left = 30;
  const step = Math.min(WIDEST, (width - left - 4) / count);
  const box: Box = { left, right: left + step * count, top: 10, bottom: HEIGHT - 8 };
  const highest = Math.max(1, ...[clean, reconstructed].flatMap((list) => list.map((loss) => loss ?? 0)));
  const y = linearAxis(0, highest, 3);
  const at = (position: number) => left + (position - 1) * step;
  const gap = step > 6 ? 1 : 0;
  const positions = Array.from({ length: clean.length - 1 }, (_, i) => i + 1);
  return (
    <div class="loss-strip" ref={holder}>
      <svg class="chart" width={width} height={HEIGHT} role="img" aria-label="Loss of each token, nats">
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line class="grid" x1={left} x2={box.right} y1={up(y, box, tick)} y2={up(y, box, tick)} />
            <text class="y" x={left - 5} y={up(y, box, tick) + 3.5}>
              {tickText(tick)}
            </text>
          </g>
        ))}
        {positions.map((position) => {
          const x = at(position);
          const loss = up(y, box, clean[position] ?? 0);
          const hat = up(y, box, reconstructed[position] ?? 0);
          const failed = (damage[position] ?? 0) >= FAILS;
          const shown = position === selected ? "chosen" : position === pointed ? "pointed" : "";
          return (
            <g
              key={position}
              class={shown}
              onMouseEnter={(event) => onPoint(position, event.currentTarget)}
              onMouseLeave={(event) => onPoint(null, event.currentTarget)}
              onClick={() => onSelect(position)}
            >
              <rect class="hit" x={x} y={box.top - 6} width={step} height={box.bottom - box.top + 12} />
              <rect
                class="clean"
                x={x + gap}
                y={loss}
                width={Math.max(0.8, step - 2 * gap)}
                height={box.bottom - loss}
              />
              {failed && (
                <rect
                  class="failed-part"
                  x={x + gap}
                  y={hat}
                  width={Math.max(0.8, step - 2 * gap)}
                  height={Math.max(0, loss - hat)}
                />
              )}
              <line class={failed ? "hat failed-line" : "hat"} x1={x} x2={x + step} y1={hat} y2={hat} />
              <circle
                class="zeroed"
                cx={x + step / 2}
                cy={up(y, box, Math.min(highest, ablated[position] ?? 0))}
                r={Math.min(1.8, step / 3)}
              />
            </g>
          );
        })}
      </svg>
      <p class="strip-key">
        <span>
          <i class="clean" /> clean
        </span>
        <span>
          <i class="hat" /> with the dictionary
        </span>
        <span>
          <i class="zeroed" /> activation ablated, cut off above
        </span>
        <span>
          <i class="failed-part" /> the dictionary fails: {FAILS} nat or more worse
        </span>
      </p>
    </div>
  );
}
