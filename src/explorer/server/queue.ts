/**
 * Heavy work of one run, one piece at a time: two experiments at once would each take twice as long and hold twice the memory.
 * Few may wait; whoever gives up while waiting is passed over.
 */

import { HttpFailure } from "./http-failure.ts";

export class Queue {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limit pieces of work that may wait or run */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Does `work` when everything before it is done.
   * @throws HttpFailure (503) when too many wait, the signal's reason when it was aborted meanwhile
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#waiting >= this.#limit) {
      throw new HttpFailure(
        503,
        `${this.#waiting} experiments on this run are waiting already: try again in a moment`,
      );
    }
    this.#waiting++;
    const done = this.#last
      .then(() => {
        signal?.throwIfAborted();
        return work();
      })
      .finally(() => this.#waiting--);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
