/** Things that are dear to open and large in memory: opened at first need, kept for the next, the least recent closed. */

interface Entry<T> {
  readonly opened: Promise<T>;
  users: number;
}

export class Kept<T> {
  readonly #limit: number;
  readonly #close: (value: T) => Promise<void>;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<T>>();

  /** @param limit of those that nobody uses at the moment */
  constructor(limit: number, close: (value: T) => Promise<void>) {
    this.#limit = limit;
    this.#close = close;
  }

  /** Whether `use` with this key would open nothing. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Lends what `key` names to `work`. What could not be opened is tried again the next time. */
  async use<R>(key: string, open: () => Promise<T>, work: (value: T) => Promise<R>): Promise<R> {
    const entry = this.#entries.get(key) ?? { opened: open(), users: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      const value = await entry.opened.catch((error: unknown) => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        throw error;
      });
      return await work(value);
    } finally {
      entry.users--;
      await this.#shrink();
    }
  }

  /** Closes everything; nobody may be using any of it. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => this.#closeEntry(entry)));
  }

  async #shrink(): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    for (const [key, entry] of idle.slice(0, Math.max(0, idle.length - this.#limit))) {
      this.#entries.delete(key);
      await this.#closeEntry(entry);
    }
  }

  async #closeEntry({ opened }: Entry<T>): Promise<void> {
    const value = await opened.then(
      (found) => ({ found }),
      () => undefined,
    );
    if (value !== undefined) await this.#close(value.found);
  }
}
