/**
 * What a training step costs, against the width of the dictionary, the activations' dimension, L0, the batch and the number of
 * dictionaries on one stream (ReLU with an L1 penalty, log-normal densities), and the model that lets one predict another run:
 *
 *     seconds of a step = a · (encoder FLOP) + b · (active entries · d_in) + c · (parameters)
 *     encoder FLOP = 2 d_in d_sae batch n,  active entries · d_in = L0 batch d_in n,  parameters = 2 d_in d_sae n
 *
 * with a, b, c ≥ 0 fitted to relative errors.
 *
 *     node bench/cost-curves.ts [--quick] [--steps 5] [--out build/bench]
 *
 * Writes cost-curves.json and SVG plots. Points that need more memory than is free are skipped, with a line that says so.
 * About four minutes on two cores, two with --quick.
 */

import { execFileSync } from "node:child_process";
import { freemem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeJson } from "../src/files/atomic.ts";
import { writeCostPlots } from "./cost-plots.ts";
import { describeMachine } from "./machine.ts";
import { nonNegativeLeastSquares } from "./non-negative-least-squares.ts";

export interface CostSizes {
  readonly d_in: number;
  readonly d_sae: number;
  readonly l0: number;
  readonly batch: number;
  /** Dictionaries on one stream. */
  readonly saes: number;
}

export interface CostPoint {
  readonly sizes: CostSizes;
  /** Tokens of a step. */
  readonly tokens: number;
  /** Median, least and most of a step; with several dictionaries, of one step of each. */
  readonly seconds: number;
  readonly least: number;
  readonly most: number;
  /** Counted. */
  readonly l0: number;
  /** Of the whole process. */
  readonly peakBytes: number;
  readonly dense: boolean;
}

const BASE: CostSizes = { d_in: 768, d_sae: 6144, l0: 50, batch: 4096, saes: 1 };
const AXES: readonly { axis: keyof CostSizes; label: string; values: number[]; quick: number[] }[] = [
  {
    axis: "d_sae",
    label: "features",
    values: [4096, 6144, 12288, 24576, 49152, 98304],
    quick: [4096, 12288],
  },
  { axis: "d_in", label: "dimensions", values: [512, 768, 3072], quick: [512, 768] },
  { axis: "l0", label: "active features a token", values: [16, 32, 50, 64, 128, 256], quick: [16, 128] },
  { axis: "batch", label: "tokens a step", values: [1024, 2048, 4096, 8192], quick: [1024, 2048] },
  { axis: "saes", label: "dictionaries on one stream", values: [1, 2, 4], quick: [1] },
];
/** Of quick points, too, so that preparing them takes seconds. */
const QUICK_BASE: CostSizes = { ...BASE, batch: 2048 };
/** A process's own memory, and what making a case takes for a while. */
const OVERHEAD_BYTES = 0.7e9;

/** Roughly what a point needs: parameters with their Adam moments and bytes for screening, the batch, and working space. */
function bytesNeeded({ d_in, d_sae, batch, saes }: CostSizes): number {
  const dictionary = 28 * d_in * d_sae + 40 * d_in * batch + 2 * d_sae * 4096;
  return OVERHEAD_BYTES + saes * dictionary;
}

function factors({ d_in, d_sae, batch, saes }: CostSizes, l0: number): number[] {
  return [2 * d_in * d_sae * batch * saes, l0 * batch * d_in * saes, 2 * d_in * d_sae * saes];
}

function measure(sizes: CostSizes, steps: number): CostPoint | undefined {
  const script = fileURLToPath(new URL("./cost-point.ts", import.meta.url));
  const needed = bytesNeeded(sizes);
  if (needed > freemem()) {
    console.error(
      `SKIPPED: ${JSON.stringify(sizes)} needs about ${(needed / 1e9).toFixed(1)} GB, ${(freemem() / 1e9).toFixed(1)} GB are free`,
    );
    return undefined;
  }
  try {
    const arguments_ = [script, JSON.stringify(sizes), String(steps)];
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    const output = execFileSync(process.execPath, arguments_, { encoding: "utf8", stdio });
    return { sizes, tokens: sizes.batch, ...(JSON.parse(output) as Omit<CostPoint, "sizes" | "tokens">) };
  } catch (error) {
    const { stderr = "", message } = error as { stderr?: string; message: string };
    console.error(
      `SKIPPED: ${JSON.stringify(sizes)}: ${/^.*(?:Error|Failure).*$/m.exec(stderr)?.[0] ?? message}`,
    );
    return undefined;
  }
}

function main(): void {
  const { values: flags } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      steps: { type: "string" },
      out: { type: "string", default: "build/bench" },
    },
  });
  const steps = Number(flags.steps ?? (flags.quick ? 3 : 5));
  const machine = describeMachine();
  const base = flags.quick ? QUICK_BASE : BASE;
  const measured = new Map<string, CostPoint | undefined>();
  const curves = AXES.map(({ axis, label, values, quick }) => {
    const points: CostPoint[] = [];
    for (const value of flags.quick ? quick : values) {
      const sizes = { ...base, [axis]: value };
      const key = JSON.stringify(sizes);
      if (!measured.has(key)) measured.set(key, measure(sizes, steps));
      const point = measured.get(key);
      if (!point) continue;
      points.push(point);
      const { tokens, seconds, least, most, l0, peakBytes, dense } = point;
      console.log(
        `${axis} ${value}: ${Math.round(tokens / seconds)} tokens/s (${Math.round(tokens / most)} – ${Math.round(tokens / least)}), ` +
          `L0 ${l0.toFixed(1)}${dense ? ", dense path" : ""}, ${(peakBytes / 2 ** 30).toFixed(2)} GB`,
      );
    }
    return { axis, label, points };
  });

  // The dense path costs something else: the model is of the sparse one.
  const all = [...measured.values()].filter((point) => point && !point.dense) as CostPoint[];
  const coefficients = nonNegativeLeastSquares(
    all.map(({ sizes, l0, seconds }) => ({
      factors: factors(sizes, l0).map((factor) => factor / seconds),
      value: 1,
    })),
  );
  const predicted = ({ sizes, l0 }: CostPoint) =>
    factors(sizes, l0).reduce((sum, factor, i) => sum + factor * coefficients[i]!, 0);
  const errors = all.map((point) => predicted(point) / point.seconds - 1);
  const residual = {
    rootMeanSquare: Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length),
    largest: Math.max(...errors.map(Math.abs)),
  };
  const [a = 0, b = 0, c = 0] = coefficients;
  console.log(
    `\nseconds of a step = ${a.toExponential(3)} · encoder FLOP + ${b.toExponential(3)} · L0·batch·d_in + ${c.toExponential(3)} · parameters\n` +
      `relative error over ${all.length} points: ${(100 * residual.rootMeanSquare).toFixed(1)} % root mean square, ` +
      `${(100 * residual.largest).toFixed(1)} % at most`,
  );
  for (const { axis, label, points } of curves) {
    if (points.length > 1) writeCostPlots(flags.out, axis, label, points, predicted);
  }
  const path = join(flags.out, "cost-curves.json");
  writeJson(path, {
    benchmark: "cost curves of a training step",
    measured: new Date().toISOString(),
    machine,
    model: { encoderFlop: a, entriesTimesDimension: b, parameters: c, residual },
    curves,
  });
  console.error(`written to ${path}`);
}

main();
