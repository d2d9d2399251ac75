/** Files that are read again only when they have changed: a run that is training rewrites a few of them, now and then. */

import { statSync } from "node:fs";

/** What `read` makes of the file `path`, made anew when its size or time of change is another one. */
export class WhenChanged<T> {
  readonly #path: string;
  readonly #read: () => T;
  #stamp: string | undefined;
  #value!: T;

  constructor(path: string, read: () => T) {
    this.#path = path;
    this.#read = read;
  }

  /** @throws whatever `read` does; it is then tried again at the next call */
  get(): T {
    const stamp = stampOf(this.#path);
    if (this.#stamp !== stamp) {
      this.#value = this.#read();
      this.#stamp = stamp;
    }
    return this.#value;
  }
}

/** Changes with the file; "" when it is not there. */
export function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}
