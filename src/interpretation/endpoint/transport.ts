/**
 * Requests until there is an answer: one after another within the limits of concurrency, money and patience.
 *
 * After a failed try the next one waits, for as long as the server asks or else for a random time below base · 2ⁿ (full jitter: clients
 * that failed together do not come back together; Brooker 2015). When the server is busy, all requests wait, not only this one. Each try
 * is paid for by itself.
 *
 * A request that gets no answer at all is one failure among the results. Many of them, and no answer in between, are a server that is
 * gone: the work ends there, and does not make a result of nothing but failures.
 */

import { Failure } from "../../errors.ts";
import { Random } from "../../random.ts";
import type { Budget } from "./budget.ts";
import type { Connection } from "./connection.ts";
import { RequestFailed, type Usage } from "./endpoint.ts";
import { FailedTry } from "./failures.ts";
import type { Limiter } from "./limiter.ts";
import { pause } from "./waiting.ts";

/** The longest wait between two tries, in milliseconds. */
const LONGEST_BACKOFF = 60_000;
/** A server that asks for more has a limit per day: the work ends, and can go on from the cache. */
const LONGEST_PAUSE = 600_000;
/** Requests without an answer, one after the other, after which nobody is believed to be there. */
const MOST_UNANSWERED = 16;

/** What to ask, the most it can cost, and how its answer reads. */
export interface Call<T> {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly worst: Usage;
  /** @throws FailedTry when the answer does not have its protocol's form */
  readonly read: (raw: unknown) => { readonly value: T; readonly usage: Usage | null };
  /** Tries after the first; those of the transport when left out. */
  readonly retries?: number;
}

/** A request that got no answer, with the server's status where it said one. */
export class Unanswered extends RequestFailed {
  readonly status: number | null;
  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** The work cannot go on, with the server's status. */
export class Stopped extends Failure {
  readonly status: number | null;
  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

export interface Tally {
  readonly requests: number;
  readonly retries: number;
  /** Answers that did not say what they cost, and tries whose answer was lost: counted as the most they can have cost. */
  readonly withoutUsage: number;
  readonly lost: number;
}

export class Transport {
  readonly #connection: Connection;
  readonly #address: string;
  readonly #limiter: Limiter;
  readonly #budget: Budget;
  readonly #retries: number;
  readonly #baseDelay: number;
  readonly #random: Random;
  /** Requests that were given up since the last answer. */
  #unanswered = 0;
  #tally: Tally = { requests: 0, retries: 0, withoutUsage: 0, lost: 0 };

  constructor(parts: {
    readonly connection: Connection;
    readonly address: string;
    readonly limiter: Limiter;
    readonly budget: Budget;
    readonly retries: number;
    /** Milliseconds before the first repetition, at most. */
    readonly baseDelay: number;
  }) {
    this.#connection = parts.connection;
    this.#address = parts.address;
    this.#limiter = parts.limiter;
    this.#budget = parts.budget;
    this.#retries = parts.retries;
    this.#baseDelay = parts.baseDelay;
    // Two processes must not wait alike.
    this.#random = Random.of(process.pid ^ Date.now(), "backoff");
  }

  get tally(): Tally {
    return this.#tally;
  }

  /**
   * @throws BudgetSpent, Unanswered when no try was answered, Stopped when none would be, and the signal's reason
   */
  async send<T>(call: Call<T>, signal?: AbortSignal): Promise<{ readonly value: T; readonly usage: Usage }> {
    return this.#limiter.place(async () => {
      const retries = call.retries ?? this.#retries;
      for (let tries = 1; ; tries++) {
        try {
          return await this.#try(call, tries > 1, signal);
        } catch (error) {
          if (!(error instanceof FailedTry)) throw error;
          this.#giveUpAfter(error, tries, tries > retries);
          await this.#backOff(error, tries, signal);
        }
      }
    }, signal);
  }

  async #try<T>(call: Call<T>, again: boolean, signal?: AbortSignal): Promise<{ value: T; usage: Usage }> {
    const reservation = await this.#budget.reserve(call.worst, signal);
    let usage: Usage | undefined;
    try {
      await this.#limiter.ready(signal);
    } catch (error) {
      this.#budget.settle(reservation, NONE);
      throw error;
    }
    this.#count({ requests: 1, retries: again ? 1 : 0 });
    try {
      const { value, usage: said } = call.read(await this.#connection.post(call.path, call.body, signal));
      this.#unanswered = 0;
      if (said === null) this.#count({ withoutUsage: 1 });
      usage = said ?? call.worst;
      return { value, usage };
    } catch (error) {
      if (error instanceof FailedTry && !error.lost) usage = NONE;
      else this.#count({ lost: 1 });
      throw error;
    } finally {
      // Nobody knows what an answer cost that was lost, or that nobody waited for: `usage` is undefined.
      this.#budget.settle(reservation, usage);
    }
  }

  #giveUpAfter(failed: FailedTry, tries: number, last: boolean): void {
    if (failed.follows === "stop") throw new Stopped(failed.message, failed.status);
    if (failed.follows === "without") {
      // A refusal of this one request is an answer too.
      this.#unanswered = 0;
      throw new Unanswered(failed.message, failed.status);
    }
    const times = tries === 1 ? "one try" : `${tries} tries`;
    if (last) {
      this.#unanswered++;
      const message = `no answer from ${this.#address} after ${times}: ${failed.message}`;
      if (this.#unanswered < MOST_UNANSWERED) throw new Unanswered(message, failed.status);
      throw new Stopped(
        `${message}; none to ${this.#unanswered} requests one after the other, so the work ends: what is answered is kept, and the ` +
          `same command goes on from here`,
        failed.status,
      );
    }
    if ((failed.wait ?? 0) > LONGEST_PAUSE) {
      throw new Stopped(
        `${this.#address} asks to be left alone for ${Math.ceil(failed.wait! / 60_000)} minutes: what is answered is kept, so the ` +
          `same command goes on from here then`,
        failed.status,
      );
    }
  }

  async #backOff(failed: FailedTry, tries: number, signal?: AbortSignal): Promise<void> {
    const most = Math.min(LONGEST_BACKOFF, this.#baseDelay * 2 ** (tries - 1));
    const jitter = this.#random.uniform() * most;
    if (failed.wait !== null) this.#limiter.pauseAll(failed.wait);
    else if (failed.status === 429) this.#limiter.pauseAll(jitter);
    // After a common pause not everybody at the same moment.
    await pause((failed.wait ?? 0) + jitter, signal);
  }

  #count(more: Partial<Tally>): void {
    const { requests = 0, retries = 0, withoutUsage = 0, lost = 0 } = more;
    const tally = this.#tally;
    this.#tally = {
      requests: tally.requests + requests,
      retries: tally.retries + retries,
      withoutUsage: tally.withoutUsage + withoutUsage,
      lost: tally.lost + lost,
    };
  }
}

const NONE: Usage = { inputTokens: 0, outputTokens: 0 };
