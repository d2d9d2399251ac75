/** What goes wrong with a request, by its number, by its contents, or by chance. */

import { Random } from "../../../src/random.ts";

export type Trouble =
  /** An error in place of an answer. `retryAfter` is sent as it is: seconds, or an HTTP date. `body`: JSON unless it starts with "<". */
  | {
      readonly type: "status";
      readonly status: number;
      readonly retryAfter?: string;
      readonly retryAfterMs?: number;
      readonly body?: string;
    }
  /** The connection is cut before anything is answered, or after this share of the answer. */
  | { readonly type: "cut"; readonly after?: number }
  /** This share of the answer is sent as if it were all of it; of a stream, with `events`, that share of its events, each whole. */
  | { readonly type: "truncated"; readonly after?: number; readonly events?: boolean }
  /** So many milliseconds later; endless: the headers come and nothing else. */
  | { readonly type: "slow"; readonly ms: number }
  | { readonly type: "endless" }
  /** The model declines. */
  | { readonly type: "refusal"; readonly text: string }
  /** The model's words are others: prose around them, values too few, nothing at all. Schemas are not enforced on them. */
  | { readonly type: "changed"; readonly change: (text: string) => string }
  | { readonly type: "content-type"; readonly value: string }
  | { readonly type: "no-usage" }
  /** A page of a proxy in place of the answer, with status 200. */
  | { readonly type: "html" }
  /** An error in a body with status 200, as some gateways send. */
  | { readonly type: "error-within"; readonly code: number; readonly message: string };

export type Fault = Trouble & {
  /** Numbers of requests (from 1), or whether this one is meant; all when left out. */
  readonly on?: readonly number[] | ((request: { number: number; path: string; body: unknown }) => boolean);
  /** Share of those requests that it happens to, drawn with the server's seed. */
  readonly share?: number;
  /** Happens so many times at most. */
  readonly times?: number;
};

/** The faults of a server's life, each drawn from its own stream of random numbers. */
export class Faults {
  #faults: readonly { fault: Fault; random: Random; left: number }[] = [];
  readonly #seed: number;

  constructor(seed: number, faults: readonly Fault[]) {
    this.#seed = seed;
    this.set(faults);
  }

  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault, i) => ({
      fault,
      random: Random.of(this.#seed, `fault ${i}`),
      left: fault.times ?? Infinity,
    }));
  }

  /** What goes wrong with this request: several things can. */
  of(request: { number: number; path: string; body: unknown }): Trouble[] {
    return this.#faults
      .filter((entry) => {
        const { on, share } = entry.fault;
        const meant =
          on === undefined || (typeof on === "function" ? on(request) : on.includes(request.number));
        if (!meant || entry.left === 0 || (share !== undefined && entry.random.uniform() >= share))
          return false;
        entry.left--;
        return true;
      })
      .map(({ fault }) => fault);
  }
}
