/** How many requests are under way at once, and the pause that a busy server asks all of them for. */

import { aborted, pause, throwIfAborted } from "./waiting.ts";

export class Limiter {
  #free: number;
  #queue: (() => void)[] = [];
  #pausedUntil = 0;

  constructor(concurrency: number) {
    this.#free = concurrency;
  }

  /**
   * Does `work` as soon as a place is free, in the order of asking.
   * @throws the signal's reason, also while waiting
   */
  async place<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Nothing is sent for so long: a server that refuses one request for being busy would refuse the others too. */
  pauseAll(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + milliseconds);
  }

  /** Waits until no pause is left. */
  async ready(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    for (;;) {
      const left = this.#pausedUntil - performance.now();
      if (left <= 0) return;
      await pause(Math.ceil(left), signal);
    }
  }

  async #enter(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        off();
        resolve();
      };
      const off = aborted(signal, (reason) => {
        this.#queue = this.#queue.filter((other) => other !== go);
        reject(reason as Error);
      });
      this.#queue.push(go);
    });
  }
}
