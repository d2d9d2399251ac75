/**
 * The rare-feature plot of Nanda 2023: cosine of each feature's direction with the mean rare direction, against log density. A cluster
 * at the upper left of the encoder's panel that the decoder's lacks is the sign of features that L1 killed before they found anything.
 */

import { useMemo } from "preact/hooks";
import type { EvaluationResult } from "../../../evaluation/result.ts";
import type { Quality } from "../../api.ts";
import { formatCount, formatNumber, formatPercent, powerOfTen } from "../../../report/format.ts";
import { linearAxis } from "../charts/axis.ts";
import { rareDots } from "../charts/dot-places.ts";
import { brief, briefPercent } from "../charts/numbers.ts";
import { go, there } from "../shell/router.ts";
import { useWidth } from "../charts/use-width.ts";
import { DotCanvas } from "../charts/dots.tsx";
import { across, Frame, up, type Box } from "../charts/frame.tsx";

const HEIGHT = 236;

export interface RarePlotProps {
  readonly evaluation: EvaluationResult;
  readonly quality: Quality["saes"][number];
  readonly colour: string;
  /** Whether there are pages of its features to go to. */
  readonly analysed: boolean;
}

export function RarePlot({ evaluation, quality, colour, analysed }: RarePlotProps) {
  const { rare } = evaluation;
  if (rare.count === 0)
    return (
      <p class="quiet">
        No feature is rarer than {formatNumber(rare.threshold)}, so there is no mean rare direction to compare
        with.
      </p>
    );
  return (
    <>
      <p class="note">
        {formatCount(rare.count)} of {formatCount(evaluation.d_sae)} features are rarer than{" "}
        {formatNumber(rare.threshold)}, {formatCount(rare.never)} of them never fired.
        {rare.unrelated_cosine !== null &&
          ` Unrelated directions would show about ${brief(rare.unrelated_cosine, 2)} (1/√count), the dashed line.`}
      </p>
      <div class="pair">
        {(["encoder", "decoder"] as const).map((side) => (
          <figure key={side}>
            <figcaption>
              <b>{side === "encoder" ? "Encoder" : "Decoder"}</b>
              <small>
                median {formatNumber(rare[`${side}_median`])} among the rare,{" "}
                {formatNumber(rare[`${side}_median_others`])} among others;{" "}
                {formatPercent(rare[`${side}_aligned_fraction`])} of the rare above 0.95
              </small>
            </figcaption>
            <Panel
              evaluation={evaluation}
              densities={quality.logDensity}
              cosines={side === "encoder" ? quality.rareEncoderCosine : quality.rareDecoderCosine}
              colour={colour}
              analysed={analysed}
            />
          </figure>
        ))}
      </div>
    </>
  );
}

interface PanelProps {
  readonly evaluation: EvaluationResult;
  readonly densities: readonly (number | null)[];
  readonly cosines: readonly (number | null)[];
  readonly colour: string;
  readonly analysed: boolean;
}

function Panel({ evaluation, densities, cosines, colour, analysed }: PanelProps) {
  const [holder, width] = useWidth<HTMLDivElement>(460);
  const { rare, log_density_histogram: histogram } = evaluation;
  const low = (histogram.edges[0] ?? -6) - 1;
  const box: Box = { left: 40, right: width - 6, top: 10, bottom: HEIGHT - 36 };
  const x = {
    ...linearAxis(low, 0, 6),
    ticks: Array.from({ length: 12 }, (_, power) => -power).filter((power) => power >= low + 0.7),
  };
  const least = cosines.reduce<number>((least, cosine) => Math.min(least, cosine ?? 0), -0.25);
  const y = linearAxis(Math.floor(4 * least) / 4, 1, 5);
  const edge = Math.log10(rare.threshold);
  const { features, dots } = useMemo(
    () =>
      rareDots(
        densities,
        cosines,
        low,
        edge,
        (v) => across(x, box, v),
        (v) => up(y, box, v),
      ),
    [densities, cosines, width],
  );
  const colours = useMemo(() => [colour, "var(--bad)"], [colour]);
  return (
    <div class="dot-figure" ref={holder}>
      <svg class="chart" width={width} height={HEIGHT} role="img" aria-label="Cosine against density">
        <rect
          class="zone"
          x={box.left}
          width={Math.max(0, across(x, box, edge) - box.left)}
          y={box.top}
          height={box.bottom - box.top}
        />
        <Frame
          box={box}
          x={x}
          y={y}
          xText={powerOfTen}
          yText={(value) => String(value).replace("-", "−")}
          xName="density, share of tokens"
        />
        <text class="x" x={across(x, box, low + 0.4)} y={box.bottom + 15}>
          never
        </text>
        <text class="rare-word" x={across(x, box, edge) - 5} y={box.top + 12}>
          rare
        </text>
        {rare.unrelated_cosine !== null && (
          <line
            class="limit"
            x1={box.left}
            x2={box.right}
            y1={up(y, box, rare.unrelated_cosine)}
            y2={up(y, box, rare.unrelated_cosine)}
          />
        )}
      </svg>
      <DotCanvas
        dots={dots}
        colours={colours}
        width={width}
        height={HEIGHT}
        describe={(at) => {
          const feature = features[at]!;
          const density = densities[feature];
          return (
            <p>
              <b>Feature {feature}</b>
              <br />
              cosine {brief(cosines[feature]!, 2)} ·{" "}
              {density === null || density === undefined
                ? "never fired"
                : `on ${briefPercent(10 ** density)} of tokens`}
            </p>
          );
        }}
        onOpen={(at) => {
          if (analysed) go(there({ page: "unit", unit: { kind: "feature", index: features[at]! } }));
        }}
      />
    </div>
  );
}
