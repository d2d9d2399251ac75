/**
 * A run's features.sqlite behind the server: opened when it is there, for reading alone until something is to be kept, and
 * opened again when an analysis has put another file in its place.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Store, STORE_FILE } from "../../store/store.ts";
import { HttpFailure } from "./http-failure.ts";
import type { RunView } from "./run-view.ts";

export class RunStore {
  readonly #run: RunView;
  readonly #path: string;
  #open: { readonly store: Store; readonly inode: number; readonly writable: boolean } | undefined;

  constructor(run: RunView) {
    this.#run = run;
    this.#path = join(run.path, STORE_FILE);
  }

  /** Undefined when nothing was analysed. @throws Failure when the file is damaged */
  readIfThere(): Store | undefined {
    const inode = this.#inode();
    if (inode === undefined) {
      this.close();
      return undefined;
    }
    return this.#opened(inode, false);
  }

  /** @throws HttpFailure (409) when nothing was analysed, Failure when the file is damaged */
  read(): Store {
    const store = this.readIfThere();
    if (store === undefined) throw notAnalysed(this.#run);
    return store;
  }

  /** For keeping something. @throws HttpFailure (409) as `read` and for a run that passes, Failure when it cannot be written */
  write(): Store {
    const inode = this.#inode();
    if (inode === undefined) throw notAnalysed(this.#run);
    const passing = this.#run.passing();
    if (passing !== null) throw new HttpFailure(409, passing);
    return this.#opened(inode, true);
  }

  close(): void {
    this.#open?.store.close();
    this.#open = undefined;
  }

  #opened(inode: number, writable: boolean): Store {
    const open = this.#open;
    if (
      open !== undefined &&
      open.inode === inode &&
      (open.writable || !writable) &&
      !open.store.outdated()
    ) {
      return open.store;
    }
    // The new one first: when it cannot be opened for writing, the one for reading stays.
    const store = openStore(this.#path, { readonly: !writable });
    this.close();
    this.#open = { store, inode, writable };
    return store;
  }

  #inode(): number | undefined {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino;
  }
}

/** What to do when there is no analysis, by the state of the run. */
export function notAnalysed(run: RunView, what = "its features"): HttpFailure {
  const { status } = run.status();
  if (run.passing() !== null) {
    return new HttpFailure(409, `${what} were not analysed yet, and the study is not done with them`);
  }
  const command = `monosemantic features ${run.path}`;
  return new HttpFailure(
    409,
    status === "running"
      ? `the run is still going on: when it is complete, \`${command}\` analyses ${what}`
      : `${what} were not analysed yet: \`${command}\` does it`,
  );
}
