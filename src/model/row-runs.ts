/**
 * Rows of any texts, gathered into full runs of `after` (live-graphs.ts): a run has a fixed number of rows, and a change
 * may reach one token of a text or all of them.
 */

import type { LiveGraph } from "./live-graphs.ts";
import type { ResidentPrograms, RunArrays } from "./resident-programs.ts";

/** A next token whose probability changed. */
export interface TokenProbabilities {
  readonly token: number;
  readonly before: number;
  readonly after: number;
}

/** What a change does to the prediction behind one token. */
export interface RowDifference {
  /** Of the token whose next one is predicted. */
  readonly position: number;
  /** −log p of the token that does follow, before and after, nats; 0 at the last position of a text. */
  readonly clean: number;
  readonly changed: number;
  /** Next tokens that became less likely and more likely, largest effect first. */
  readonly lowered: readonly TokenProbabilities[];
  readonly raised: readonly TokenProbabilities[];
}

/** One token at the row point: activation [d], and the stream beside it [d_model]. */
export interface Row {
  readonly activation: Float32Array;
  readonly carry: Float32Array | undefined;
}

/** Part in the divergence, nats, that nobody could see: far above rounding, and far below the weakest effect that is worth a line. */
const NEGLIGIBLE = 1e-4;

export interface RowRunOptions {
  readonly programs: ResidentPrograms;
  readonly build: () => LiveGraph;
  /** Pairs of rows in one run, and tokens listed for each. */
  readonly pairs: number;
  readonly top: number;
  /** Runs that may be under way at once. */
  readonly parallel: number;
}

/** Writes what a run needs of it, and reads what came of it. */
interface PlacedRow {
  readonly fill: (arrays: RunArrays) => void;
  readonly take: (outputs: RunArrays["outputs"]) => void;
}

export class RowRuns {
  readonly #options: RowRunOptions;
  #open: PlacedRow[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: RowRunOptions) {
    this.#options = options;
  }

  /**
   * Compares the predictions behind two rows, of which `listed` tokens each way are given.
   * @param next the token that follows; undefined at the end of a text
   */
  pair(
    clean: Row,
    changed: Row,
    next: number | undefined,
    listed: number,
    done: (difference: Omit<RowDifference, "position">) => void,
  ): Promise<void> {
    const { pairs, top } = this.#options;
    const slot = this.#open.length;
    return this.#add(pairs, {
      fill(arrays) {
        place(arrays, slot, clean, next);
        place(arrays, pairs + slot, changed, next);
      },
      take(outputs) {
        const loss = (row: number) => (next === undefined ? 0 : outputs["loss"]![row]!);
        const changes = (kind: string) => changesOf(outputs, kind, slot * top, Math.min(listed, top));
        done({
          clean: loss(slot),
          changed: loss(pairs + slot),
          lowered: changes("lowered").filter(({ before, after }) => after < before),
          raised: changes("raised").filter(({ before, after }) => after > before),
        });
      },
    });
  }

  /** −log p of token `next` behind a row. */
  loss(row: Row, next: number, done: (loss: number) => void): Promise<void> {
    const slot = this.#open.length;
    return this.#add(2 * this.#options.pairs, {
      fill: (arrays) => place(arrays, slot, row, next),
      take: (outputs) => done(outputs["loss"]![slot]!),
    });
  }

  /** Runs what is left, and waits for all. */
  async finish(): Promise<void> {
    this.#start();
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when there is room for another row. */
  async #add(capacity: number, row: PlacedRow): Promise<void> {
    this.#open.push(row);
    if (this.#open.length < capacity) return;
    this.#start();
    while (this.#running.size >= this.#options.parallel) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
  }

  #start(): void {
    if (this.#open.length === 0) return;
    const { programs, build } = this.#options;
    const rows = this.#open;
    this.#open = [];
    const run = programs
      .run(
        "after",
        build,
        (arrays) => rows.forEach(({ fill }) => fill(arrays)),
        (outputs) => rows.forEach(({ take }) => take(outputs)),
      )
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }
}

function place({ floats, integers }: RunArrays, slot: number, { activation, carry }: Row, next = 0): void {
  floats["x"]!.set(activation, slot * activation.length);
  if (carry) floats["beside"]!.set(carry, slot * carry.length);
  integers["targets"]![slot] = next;
}

function changesOf(
  outputs: RunArrays["outputs"],
  kind: string,
  first: number,
  count: number,
): TokenProbabilities[] {
  const read = (name: string, i: number) => outputs[`${kind} ${name}`]![first + i]!;
  return Array.from({ length: count }, (_, i) => {
    const [before, after] = [read("before", i), read("after", i)];
    const part = Math.exp(Math.max(before, after)) * Math.abs(after - before);
    return { token: read("token", i), before: Math.exp(before), after: Math.exp(after), part };
  })
    .filter(({ part }) => part >= NEGLIGIBLE)
    .map(({ token, before, after }) => ({ token, before, after }));
}
