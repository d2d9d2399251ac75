/**
 * f of units at the last token of short sequences, by the model: what N2G asks, some hundred thousand times for a whole dictionary.
 *
 * Sequences of all units share passes through the model's first half, those of like length together, so that little is padded. Padding
 * stands behind a sequence, where causal attention cannot see it. Each sequence stands behind a separator, as contexts do.
 */

import { type Engine } from "../../engine/engine.ts";
import type { Units } from "../../features/units.ts";
import { type Cut, type CutModel, openCut } from "../../model/cut.ts";
import type { Probe } from "./explainer.ts";
import { REACH } from "./n2g-examples.ts";

/** Tokens of a context: each length has a compiled graph of its own. The longest has a separator, a mask and REACH tokens. */
const CONTEXTS = [4, REACH + 2];

/** Tokens in one pass, as in a harvest. */
const PASS_TOKENS = 2048;

type Request = Parameters<Probe>[0][number];

/**
 * Cuts are opened when they are first needed, and closed with the engine. Of sequences longer than the model's context, the end is read.
 * @param hook where the units read
 */
export function modelProbe(
  engine: Engine,
  { model }: { readonly model: CutModel & { readonly tokenizer: { readonly bosId: number } } },
  hook: string,
  units: Units,
): Probe {
  const opened = new Map<number, Promise<Cut>>();
  const open = (context: number) => {
    let cut = opened.get(context);
    if (cut === undefined) {
      cut = openCut(engine, model, hook, { batch: Math.floor(PASS_TOKENS / context), context });
      opened.set(context, cut);
    }
    return cut;
  };
  const lengths = [...new Set(CONTEXTS.map((length) => Math.min(length, model.config.context)))];
  const contextFor = (tokens: number) => lengths.find((length) => tokens < length) ?? lengths.at(-1)!;

  return async (requests) => {
    const values = new Float64Array(requests.length);
    const order = Array.from(requests.keys()).sort(
      (a, b) => requests[a]!.ids.length - requests[b]!.ids.length || a - b,
    );
    const passes: { context: number; members: number[] }[] = [];
    for (const i of order) {
      const context = contextFor(requests[i]!.ids.length);
      const last = passes.at(-1);
      if (last?.context === context && last.members.length < Math.floor(PASS_TOKENS / context))
        last.members.push(i);
      else passes.push({ context, members: [i] });
    }
    let next = 0;
    const worker = async () => {
      while (next < passes.length) {
        const { context, members } = passes[next++]!;
        const asked = members.map((i) => requests[i]!);
        const found = await readLast(await open(context), model.tokenizer.bosId, units, asked);
        for (const [place, i] of members.entries()) values[i] = found[place]!;
      }
    };
    await Promise.all(Array.from({ length: engine.workers }, worker));
    return values;
  };
}

/** f at the last token of each of at most `cut.batch` sequences. */
async function readLast(
  cut: Cut,
  separator: number,
  units: Units,
  requests: readonly Request[],
): Promise<Float64Array> {
  const { batch, context, dIn } = cut;
  const tokens = new Int32Array(batch * context).fill(separator);
  const lasts = requests.map(({ ids }, i) => {
    const read = ids.slice(-(context - 1));
    tokens.set(read, i * context + 1);
    return i * context + read.length;
  });
  const { activation } = await cut.prefix(tokens);
  const rows = new Float32Array(requests.length * dIn);
  for (const [i, last] of lasts.entries())
    rows.set(activation.subarray(last * dIn, (last + 1) * dIn), i * dIn);
  return valuesOf(units, rows, requests);
}

/** f of the i-th request's unit on the i-th row. */
async function valuesOf(
  units: Units,
  rows: Float32Array,
  requests: readonly Request[],
): Promise<Float64Array> {
  const { chosen, dIn } = units;
  if (chosen !== undefined) {
    return Float64Array.from(
      requests,
      ({ unit }, i) => chosen(rows.subarray(i * dIn, (i + 1) * dIn), [unit])[0]!,
    );
  }
  const { rowOffsets, indices, values } = await units.encode(rows);
  return Float64Array.from(requests, ({ unit }, i) => {
    for (let at = rowOffsets[i]!; at < rowOffsets[i + 1]!; at++) if (indices[at] === unit) return values[at]!;
    return 0;
  });
}
