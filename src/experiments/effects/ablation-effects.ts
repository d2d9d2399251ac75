/**
 * What taking a unit away does to predictions, beside three controls that share its length and its contexts:
 *
 *                                at its active tokens      at other tokens of the context
 *     its own vectors s f d      x − s f d                 x' − s f d
 *     a random direction r       x − ‖s f d‖ r             x' − ‖s f d‖ r          r uniform on the sphere, one a context
 *
 * As in feature ablation (experiments/ablation.ts) it is taken away at every active token of the context. The effect of any vector depends
 * on how steep the model is at that place and on the vector's length; both are the same down a column, so ratios within a column are free
 * of them, in a trained model and in one with shuffled weights alike.
 */

import { type Engine } from "../../engine/engine.ts";
import { sharedFloats } from "../../engine/tensor.ts";
import { rowScale, type Units } from "../../features/units.ts";
import type { Cut, CutModel } from "../../model/cut.ts";
import { findHook } from "../../model/hooks.ts";
import { betweenPoints, rowPoint } from "../../model/live-graphs.ts";
import { pad, rowsOf, type RowAt, taken } from "../../model/reading.ts";
import { ResidentPrograms } from "../../model/resident-programs.ts";
import type { Row } from "../../model/row-runs.ts";
import { Random } from "../../random.ts";
import { drawOccurrences, type Occurrence } from "./occurrences.ts";
import { PredictionRows } from "./prediction-rows.ts";
import type { ActiveTokens, ReadText } from "./read-text.ts";

export interface AblationRequest {
  readonly engine: Engine;
  readonly model: CutModel;
  /** The model up to the hook point of the units, for contexts of the text. */
  readonly cut: Cut;
  readonly units: Units;
  /** Numbers of units, and where each is active. */
  readonly chosen: readonly number[];
  readonly columns: readonly ActiveTokens[];
  readonly text: ReadText;
  /** Of each unit. */
  readonly contexts: number;
  readonly seed: number;
  /** Tells the draws for these units from those for others. */
  readonly purpose: string;
  readonly onProgress?: (contexts: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Sums over predictions of one kind, of the unit's own vectors and of the random direction. */
export interface ChangeSums {
  count: number;
  readonly loss: [number, number];
  readonly absolute: [number, number];
  readonly kl: [number, number];
}

export interface AblationSums {
  readonly contexts: number;
  readonly here: ChangeSums;
  readonly elsewhere: ChangeSums;
  /** Divergence by kind, times how many predictions of the kind the contexts have; null where nothing but `here` can change. */
  readonly spread: { here: number; next: number; later: number } | null;
  /** Sum of ‖s f d‖ / ‖x‖ over the predictions `here`. */
  size: number;
  /** Sum over the predictions `here` of ln p − ln p without the unit [vocab]. */
  readonly effect: Float64Array;
}

interface Request {
  readonly place: number;
  readonly occurrence: Occurrence;
}

/** In the order of `chosen`. The same request gives the same bits. */
export async function ablationEffects(request: AblationRequest): Promise<AblationSums[]> {
  const { engine, model, cut, chosen, columns, text, seed, purpose, onProgress, signal } = request;
  const { dIn, batch, context } = cut;
  const point = findHook(model.config, cut.hook);
  const behind = rowPoint(model.config, point);
  const local = behind === point;
  const requests: Request[] = chosen.flatMap((unit, place) =>
    drawOccurrences(
      text,
      columns[place]!,
      request.contexts,
      Random.of(seed, `effects ${purpose} ${unit}`),
    ).map((occurrence) => ({ place, occurrence })),
  );
  requests.sort((a, b) => a.occurrence.context - b.occurrence.context || a.place - b.place);
  const contexts = [...new Set(requests.map(({ occurrence }) => occurrence.context))];
  const of = Map.groupBy(requests, ({ occurrence }) => occurrence.context);
  const sums = chosen.map((_, place) => ({
    contexts: requests.filter((one) => one.place === place).length,
    here: noChange(),
    elsewhere: noChange(),
    spread: local ? null : { here: 0, next: 0, later: 0 },
    size: 0,
    effect: new Float64Array(text.vocabSize),
  }));

  const programs = new ResidentPrograms(engine, 1);
  const rows = await PredictionRows.open(engine, model, behind);
  const buffers = [0, 1].map(() => sharedFloats(batch * context * dIn));
  const read = async (first: number) => {
    const tokens = new Int32Array(batch * context);
    for (let i = 0; i < batch; i++) {
      const number = contexts[first + i] ?? contexts[first]!;
      tokens.set(text.tokens.subarray(number * context, (number + 1) * context), i * context);
    }
    return cut.prefix(tokens, { activation: buffers[(first / batch) % 2]! });
  };
  /** A context's rows behind the last attention. */
  const between = async (activation: Float32Array, carry: Float32Array | undefined): Promise<RowAt> => {
    if (local) return rowsOf(context, activation, carry);
    const found = await programs.run(
      "between",
      () => betweenPoints(model, point, behind, context),
      ({ floats }) => {
        pad(floats["x"]!, activation);
        if (carry) pad(floats["beside"]!, carry);
      },
      (outputs) => taken(outputs, 1),
    );
    return rowsOf(context, found.activation, found.carry);
  };
  try {
    let done = 0;
    let coming = contexts.length > 0 ? read(0) : undefined;
    for (let first = 0; first < contexts.length; first += batch) {
      signal?.throwIfAborted();
      const { activation, carry } = await coming!;
      coming = first + batch < contexts.length ? read(first + batch) : undefined;
      coming?.catch(() => {});
      for (const [i, number] of contexts.slice(first, first + batch).entries()) {
        const width = carry === undefined ? 0 : carry.length / (batch * context);
        const x = activation.subarray(i * context * dIn, (i + 1) * context * dIn);
        const beside = carry?.subarray(i * context * width, (i + 1) * context * width);
        const clean = await between(x, beside);
        const tokens = text.tokens.subarray(number * context, (number + 1) * context);
        for (const { place, occurrence } of of.get(number)!) {
          const taker = new Taker(request, chosen[place]!, occurrence, x);
          await takeAway({
            taker,
            occurrence,
            tokens,
            x,
            beside,
            clean,
            between,
            rows,
            sums: sums[place]!,
            local,
          });
        }
        done += of.get(number)!.length;
      }
      onProgress?.(done);
    }
    await rows.finish();
    return sums;
  } finally {
    await Promise.all([rows.close(), programs.close()]);
  }
}

function noChange(): ChangeSums {
  return { count: 0, loss: [0, 0], absolute: [0, 0], kl: [0, 0] };
}

/** A unit's vectors in one context, and a random direction beside them. */
class Taker {
  /** [positions, d_in], what is taken away at each active token, and how long it is. */
  readonly own: Float32Array;
  readonly lengths: Float64Array;
  /** [d_in], of length 1. */
  readonly random: Float32Array;

  constructor(
    { units, seed, purpose }: AblationRequest,
    unit: number,
    { context, positions, values }: Occurrence,
    x: Float32Array,
  ) {
    const { dIn } = units;
    const direction = units.direction(unit);
    const norm = Math.hypot(...direction);
    this.own = new Float32Array(positions.length * dIn);
    this.lengths = new Float64Array(positions.length);
    positions.forEach((position, i) => {
      const f = rowScale(units, x.subarray(position * dIn, (position + 1) * dIn)) * values[i]!;
      this.lengths[i] = Math.abs(f) * norm;
      for (let k = 0; k < dIn; k++) this.own[i * dIn + k] = f * direction[k]!;
    });
    const random = Random.of(seed, `random direction ${purpose} ${unit} ${context}`);
    this.random = Float32Array.from({ length: dIn }, () => random.normal());
    const length = Math.hypot(...this.random);
    for (let k = 0; k < dIn; k++) this.random[k]! /= length;
  }

  /** x without the vector of the i-th active token. */
  withoutOwn(row: Float32Array, i: number): Float32Array {
    const d = row.length;
    return row.map((value, k) => value - this.own[i * d + k]!);
  }

  withoutRandom(row: Float32Array, i: number): Float32Array {
    return row.map((value, k) => value - this.lengths[i]! * this.random[k]!);
  }
}

interface Work {
  readonly taker: Taker;
  readonly occurrence: Occurrence;
  readonly tokens: Int32Array;
  /** The context's activation [context, d_in] and the stream beside it. */
  readonly x: Float32Array;
  readonly beside: Float32Array | undefined;
  readonly clean: RowAt;
  readonly between: (activation: Float32Array, carry: Float32Array | undefined) => Promise<RowAt>;
  readonly rows: PredictionRows;
  readonly sums: AblationSums;
  readonly local: boolean;
}

async function takeAway(work: Work): Promise<void> {
  const { taker, occurrence, tokens, x, clean, rows, sums, local } = work;
  const { positions, here, elsewhere, next, later, active } = occurrence;
  const d = x.length / tokens.length;
  const at = await versions(
    work,
    Array.from(positions.keys(), (i) => [positions[i]!, i]),
  );
  const there = await versions(
    work,
    elsewhere.map((position, i) => [position, here[i]!]),
  );
  const look = (
    versionsAt: readonly [RowAt, RowAt],
    position: number,
    done: Parameters<PredictionRows["add"]>[2],
  ) =>
    rows.add(
      [copied(clean(position)), versionsAt[0](position), versionsAt[1](position)],
      tokens[position + 1]!,
      done,
    );
  const spread = (kind: "here" | "next" | "later", of: number, kl: number) => {
    if (sums.spread) sums.spread[kind] += of * kl;
  };
  for (const i of here) {
    const position = positions[i]!;
    const size = taker.lengths[i]! / Math.hypot(...x.subarray(position * d, (position + 1) * d));
    await look(at, position, (change) => {
      include(sums.here, change);
      spread("here", active / here.length, change.kl[0]);
      sums.size += Number.isFinite(size) ? size : 0;
      for (let v = 0; v < change.effect.length; v++) sums.effect[v]! += change.effect[v]!;
    });
  }
  for (const position of elsewhere) await look(there, position, (change) => include(sums.elsewhere, change));
  if (local) return;
  for (const [kind, { positions: some, count }] of [
    ["next", next],
    ["later", later],
  ] as const) {
    for (const position of some) {
      await look(at, position, ({ kl }) => spread(kind, count / some.length, kl[0]));
    }
  }
}

/** The context's rows with the i-th vector taken away at each position: the unit's own, and the random direction. */
async function versions(
  { taker, x, beside, clean, between, local, tokens }: Work,
  changes: readonly (readonly [position: number, i: number])[],
): Promise<[RowAt, RowAt]> {
  const d = x.length / tokens.length;
  const row = (position: number) => x.subarray(position * d, (position + 1) * d);
  const ways = [
    (position: number, i: number) => taker.withoutOwn(row(position), i),
    (position: number, i: number) => taker.withoutRandom(row(position), i),
  ];
  const made = ways.map(async (way): Promise<RowAt> => {
    if (local) {
      const vectorOf = new Map(changes);
      return (position) => ({
        activation: way(position, vectorOf.get(position)!),
        carry: copied(clean(position)).carry,
      });
    }
    const activation = x.slice();
    for (const [position, i] of changes) activation.set(way(position, i), position * d);
    return between(activation, beside);
  });
  return Promise.all(made) as Promise<[RowAt, RowAt]>;
}

/** The buffer is read into again before a row is run. */
function copied({ activation, carry }: Row): Row {
  return { activation: activation.slice(), carry: carry?.slice() };
}

function include(
  sums: ChangeSums,
  { loss, kl }: { loss: readonly [number, number]; kl: readonly [number, number] },
) {
  sums.count++;
  for (const version of [0, 1] as const) {
    sums.loss[version] += loss[version];
    sums.absolute[version] += Math.abs(loss[version]);
    sums.kl[version] += kl[version];
  }
}
