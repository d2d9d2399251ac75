/**
 * The runs that are explored: folders that were named, those in a folder of several, and the groups of studies, whose newest results are
 * runs. A run that starts in such a folder while the server is up is found too. Requests name a run by its id, which is looked up here;
 * no path is ever made of it.
 */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Failure } from "../../errors.ts";
import { runFolders } from "./explored-folders.ts";
import { HttpFailure } from "./http-failure.ts";
import { RunView } from "./run-view.ts";
import type { StudyCatalogue } from "./study-catalogue.ts";

export class RunCatalogue {
  /** Undefined where runs alone are wanted. */
  readonly studies: StudyCatalogue | undefined;
  readonly #roots: readonly string[];
  readonly #byPath = new Map<string, RunView>();
  readonly #byId = new Map<string, RunView>();

  /**
   * @param folders run directories, or folders that hold several
   * @param studies those in the same folders
   * @throws Failure naming a folder in which there is nothing to explore
   */
  constructor(folders: readonly string[], studies?: StudyCatalogue) {
    this.studies = studies;
    this.#roots = folders.map((folder) => resolve(folder));
    for (const [i, root] of this.#roots.entries()) {
      if (runFolders(root).length > 0 || studies?.areIn(root) === true) continue;
      throw new Failure(
        `${folders[i]} holds no run.json, and neither does a folder in it: give a run directory (what --out named), ` +
          `${studies === undefined ? "" : "a study's directory (with plan.json), "}or a folder of several`,
      );
    }
  }

  /** Those that are there now, in the order they were named, then by name; without those of studies. */
  runs(): RunView[] {
    return [...new Set(this.#roots.flatMap((root) => runFolders(root)))].map((path) => this.#view(path));
  }

  /** @throws HttpFailure 404, or 409 for a group of a study that has no result yet */
  run(id: string): RunView {
    const found = this.#byId.get(id) ?? this.studies?.run(id) ?? this.runs().find((run) => run.id === id);
    if (found !== undefined && existsSync(join(found.path, "run.json"))) return found;
    throw new HttpFailure(404, `there is no run "${id}" here`);
  }

  #view(path: string): RunView {
    let view = this.#byPath.get(path);
    if (view === undefined) {
      view = new RunView(this.#newId(path), path);
      this.#byPath.set(path, view);
      this.#byId.set(view.id, view);
    }
    return view;
  }

  /** The folder's name; of two with one name the later gets a number. It stays the same while the server is up. */
  #newId(path: string): string {
    const name = basename(path) || "run";
    for (let n = 1; ; n++) {
      const id = n === 1 ? name : `${name}-${n}`;
      if (!this.#byId.has(id)) return id;
    }
  }
}
