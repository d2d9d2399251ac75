/**
 * A model cut at a hook point for experiments on texts of any length: what happens to each prediction when the activation
 * is changed at some tokens. The cut of training and evaluation (cut.ts) takes full batches of one length and gives sums;
 * this takes one text, or many edits of many texts, and says what became of every token.
 *
 * Texts are padded at the right to one of a few lengths, each of which has programs of its own: attention looks back only,
 * so the padding is seen by none of the tokens. Only predictions that an edit can reach are computed (live-graphs.ts), so
 * those of other tokens are unchanged to the bit, and an edit of a few tokens behind the last attention costs little.
 */

import { type Engine, shared } from "../engine/engine.ts";
import { Graph } from "../engine/graph.ts";
import { reduceMean } from "../engine/operations/normalisation.ts";
import { Failure, UsageError } from "../errors.ts";
import type { Carry, CutModel } from "./cut.ts";
import { directGradient, directPath, unembeddingName } from "./direct-path.ts";
import { findHook, type HookPoint } from "./hooks.ts";
import { afterRows, beforeHook, betweenPoints, finalStream, rowPoint } from "./live-graphs.ts";
import { type Edit, edited, embed, pad, type Reading, type RowAt, rowsOf, taken } from "./reading.ts";
import { ResidentPrograms } from "./resident-programs.ts";
import { type RowDifference, RowRuns, type TokenProbabilities } from "./row-runs.ts";

/**
 * Tokens of the shortest programs, and how much longer each next one is: a length costs seconds of compiling and a copy of the
 * weights when it first occurs, padding costs little beside that.
 */
const SHORTEST = 32;
const LONGER = 4;
/** Next tokens that can be listed as lowered, and as raised. */
export const MOST_CHANGES = 10;
/** Numbers in one array of logits, which bounds the rows of one run, and the most pairs of rows. */
const LOGITS = 2 ** 22;
const MOST_PAIRS = 128;
/** Programs in memory, each with a copy of its weights in every worker of the engine. */
const RESIDENT = 5;

/** What a change does to a whole text. Element t of the losses belongs to the prediction of token t, so element 0 is 0. */
export interface TextDifference {
  readonly clean: Float32Array;
  readonly changed: Float32Array;
  /** Of the token after each position; empty where nothing changed. */
  readonly lowered: readonly (readonly TokenProbabilities[])[];
  readonly raised: readonly (readonly TokenProbabilities[])[];
}

export interface LiveModel {
  readonly model: CutModel;
  readonly hook: string;
  readonly dIn: number;
  readonly maxTokens: number;
  /** @throws Failure for a text that is empty, too long, or has an id outside the vocabulary */
  read(tokens: Int32Array): Promise<Reading>;
  /** −log p(token t | those before) with `activation` [n, d_in] at the hook point: [n], element 0 is 0. Nats. */
  losses(tokens: Int32Array, carry: Carry, activation: Float32Array): Promise<Float32Array>;
  /** Two activations [n, d_in] of one text compared, with the `top` next tokens of each position that changed most (see `afterRows`). */
  difference(
    tokens: Int32Array,
    carry: Carry,
    clean: Float32Array,
    changed: Float32Array,
    top: number,
  ): Promise<TextDifference>;
  /** Many edits at once: for each the predictions that it reaches, by position. The edits of one reading share its clean pass. */
  differences(edits: readonly Edit[], top: number): Promise<RowDifference[][]>;
  /**
   * ∂(logit of the next token − mean of logits)/∂x at `position` along the direct path, LayerNorm's scale held: [d_in].
   * @throws UsageError for the last position, and for a hook point from which no linear path leads on
   */
  directGradient(reading: Reading, position: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * @param options `maxTokens` is the model's number of positions unless given
 * @throws UsageError for a hook point that the model does not have
 */
export async function openLiveModel(
  engine: Engine,
  model: CutModel,
  hook: string,
  { maxTokens = model.config.context }: { maxTokens?: number } = {},
): Promise<LiveModel> {
  const point = findHook(model.config, hook);
  return new LiveCut(engine, model, point, Math.min(maxTokens, model.config.context));
}

class LiveCut implements LiveModel {
  readonly model: CutModel;
  readonly hook: string;
  readonly dIn: number;
  readonly maxTokens: number;
  readonly #engine: Engine;
  readonly #point: HookPoint;
  readonly #rowPoint: HookPoint;
  readonly #programs: ResidentPrograms;
  #meanRow: Promise<Float32Array> | undefined;

  constructor(engine: Engine, model: CutModel, point: HookPoint, maxTokens: number) {
    this.model = model;
    this.hook = point.name;
    this.dIn = point.dIn;
    this.maxTokens = maxTokens;
    this.#engine = engine;
    this.#point = point;
    this.#rowPoint = rowPoint(model.config, point);
    this.#programs = new ResidentPrograms(engine, RESIDENT);
  }

  async read(tokens: Int32Array): Promise<Reading> {
    this.#check(tokens);
    const length = this.#padded(tokens.length);
    const { activation, carry } = await this.#programs.run(
      `before ${length}`,
      () => beforeHook(this.model, this.#point, length),
      ({ floats }) => embed(this.model, tokens, floats["stream"]!),
      (outputs) => taken(outputs, tokens.length / length),
    );
    return { tokens, activation, carry };
  }

  async losses(tokens: Int32Array, carry: Carry, activation: Float32Array): Promise<Float32Array> {
    const losses = new Float32Array(tokens.length);
    const rows = await this.#rows({ tokens, carry, activation });
    const runs = this.#rowRuns();
    for (let t = 1; t < tokens.length; t++) {
      await runs.loss(rows(t - 1), tokens[t]!, (loss) => (losses[t] = loss));
    }
    await runs.finish();
    return losses;
  }

  async difference(
    tokens: Int32Array,
    carry: Carry,
    clean: Float32Array,
    changed: Float32Array,
    top: number,
  ): Promise<TextDifference> {
    const { dIn } = this;
    const positions = Array.from(tokens.keys()).filter((row) => differs(clean, changed, row, dIn));
    const rows = new Float32Array(positions.length * dIn);
    positions.forEach((row, i) => rows.set(changed.subarray(row * dIn, (row + 1) * dIn), i * dIn));
    const edit = { reading: { tokens, activation: clean, carry }, positions, rows };
    const losses = await this.losses(tokens, carry, clean);
    const [reached] = await this.differences([edit], top);
    return spread(losses, reached!);
  }

  async differences(edits: readonly Edit[], top: number): Promise<RowDifference[][]> {
    const results: RowDifference[][] = edits.map(() => []);
    const reaching = edits
      .map((edit, e) => ({ edit, result: results[e]!, reached: this.#reached(edit) }))
      .filter(({ reached }) => reached.length > 0);
    const runs = this.#rowRuns();
    const readings = new Map<Float32Array, Promise<RowAt>>();
    const prepared = inOrder(reaching, this.#engine.workers + 1, ({ edit }) => {
      const { activation } = edit.reading;
      const clean = readings.get(activation) ?? this.#rows(edit.reading);
      readings.set(activation, clean);
      return Promise.all([clean, this.#isLocal ? undefined : this.#rows(edited(edit, this.dIn))]);
    });
    for (const { edit, result, reached } of reaching) {
      const [clean, after] = (await prepared.next()).value!;
      const changed = after ?? this.#editedRows(edit, clean);
      const { tokens } = edit.reading;
      for (const position of reached) {
        await runs.pair(clean(position), changed(position), tokens[position + 1], top, (difference) =>
          result.push({ position, ...difference }),
        );
      }
    }
    await runs.finish();
    for (const result of results) result.sort((a, b) => a.position - b.position);
    return results;
  }

  async directGradient(reading: Reading, position: number): Promise<Float32Array> {
    const path = directPath(this.model.config, this.hook);
    const next = position >= 0 ? reading.tokens[position + 1] : undefined;
    if (next === undefined) {
      throw new UsageError(
        `position ${position} of a text of ${reading.tokens.length} tokens has none after it, and attribution is to the ` +
          `prediction of the token that follows: choose an earlier one, counted from 0`,
      );
    }
    const row = (await this.#rows(reading))(position);
    const stream = await this.#programs.run(
      "stream",
      () => finalStream(this.model, this.#rowPoint, 1),
      ({ floats }) => {
        floats["x"]!.set(row.activation);
        if (row.carry) floats["beside"]!.set(row.carry);
      },
      (outputs) => outputs["stream"]!.slice(),
    );
    this.#meanRow ??= meanUnembedding(this.#engine, this.model);
    return directGradient(this.model, path, stream, await this.#meanRow, next);
  }

  close(): Promise<void> {
    return this.#programs.close();
  }

  /** Whether a change at one token reaches only the prediction behind it. */
  get #isLocal(): boolean {
    return this.#point === this.#rowPoint;
  }

  /** Positions whose predictions are to be computed: those that the edit reaches, or those of them that are asked for. */
  #reached({ reading, positions, only }: Edit): number[] {
    const changed = Array.from(positions);
    const first = changed[0] ?? reading.tokens.length;
    const reached = this.#isLocal
      ? changed
      : Array.from({ length: reading.tokens.length - first }, (_, i) => first + i);
    if (only === undefined) return reached;
    const wanted = new Set(only);
    return reached.filter((position) => wanted.has(position));
  }

  #editedRows({ positions, rows }: Edit, clean: RowAt): RowAt {
    const order = new Map(Array.from(positions, (position, i) => [position, i]));
    return (position) => {
      const i = order.get(position)!;
      const activation = rows.subarray(i * this.dIn, (i + 1) * this.dIn);
      return { activation, carry: clean(position).carry };
    };
  }

  /** The rows of a text at the row point. */
  async #rows({ tokens, activation, carry }: Reading): Promise<RowAt> {
    if (this.#isLocal) return rowsOf(tokens.length, activation, carry);
    const length = this.#padded(tokens.length);
    const between = await this.#programs.run(
      `between ${length}`,
      () => betweenPoints(this.model, this.#point, this.#rowPoint, length),
      ({ floats }) => {
        pad(floats["x"]!, activation);
        if (carry) pad(floats["beside"]!, carry);
      },
      (outputs) => taken(outputs, tokens.length / length),
    );
    return rowsOf(tokens.length, between.activation, between.carry);
  }

  #rowRuns(): RowRuns {
    const { vocabSize } = this.model.config;
    const pairs = Math.min(MOST_PAIRS, 2 ** Math.max(3, Math.floor(Math.log2(LOGITS / vocabSize / 2))));
    const top = Math.min(MOST_CHANGES, vocabSize);
    return new RowRuns({
      programs: this.#programs,
      build: () => afterRows(this.model, this.#rowPoint, pairs, top),
      pairs,
      top,
      parallel: this.#engine.workers + 1,
    });
  }

  #padded(tokens: number): number {
    let length = SHORTEST;
    while (length < tokens) length *= LONGER;
    return Math.min(this.maxTokens, length);
  }

  #check(tokens: Int32Array): void {
    const n = tokens.length;
    if (n === 0) throw new Failure("there is no token to run the model on");
    if (n > this.maxTokens) {
      throw new Failure(
        `${n} tokens are more than the ${this.maxTokens} that fit: give a shorter text, or fewer of its tokens`,
      );
    }
    const { vocabSize } = this.model.config;
    const wrong = tokens.find((token) => token < 0 || token >= vocabSize);
    if (wrong !== undefined) {
      throw new Failure(`token ${wrong} is none of the model's, expected ids from 0 to ${vocabSize - 1}`);
    }
  }
}

function differs(a: Float32Array, b: Float32Array, row: number, width: number): boolean {
  for (let i = row * width; i < (row + 1) * width; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** Differences of some positions as arrays over all of them. */
function spread(clean: Float32Array, reached: readonly RowDifference[]): TextDifference {
  const changed = clean.slice();
  const lowered: (readonly TokenProbabilities[])[] = Array.from(clean, () => []);
  const raised: (readonly TokenProbabilities[])[] = Array.from(clean, () => []);
  for (const difference of reached) {
    const { position } = difference;
    lowered[position] = difference.lowered;
    raised[position] = difference.raised;
    if (position + 1 === clean.length) continue;
    // Both from one run, so that no difference in rounding passes for an effect.
    clean[position + 1] = difference.clean;
    changed[position + 1] = difference.changed;
  }
  return { clean, changed, lowered, raised };
}

/** Mean row of the unembedding [d_model]. Its rows are an input, not a constant, of which the engine would keep a copy. */
async function meanUnembedding(engine: Engine, { config, weights }: CutModel): Promise<Float32Array> {
  const graph = new Graph("mean of the unembedding");
  const unembedding = graph.input("unembedding", [config.vocabSize, config.dModel]);
  graph.output("mean", reduceMean(unembedding, [0]));
  const program = await engine.load(graph);
  try {
    const { mean } = await program.run({ unembedding: shared(weights[unembeddingName(config)]!) });
    return mean!;
  } finally {
    await program.release();
  }
}

/** The results of `work` on each item in order, the next `parallel` of them already begun. */
async function* inOrder<I, O>(
  items: readonly I[],
  parallel: number,
  work: (item: I) => Promise<O>,
): AsyncGenerator<O> {
  const begun: Promise<O>[] = [];
  let next = 0;
  for (let i = 0; i < items.length; i++) {
    while (next < items.length && begun.length < parallel) {
      const promise = work(items[next++]!);
      // Its failure is thrown in its turn, which may come after that of another.
      promise.catch(() => {});
      begun.push(promise);
    }
    yield await begun.shift()!;
  }
}
