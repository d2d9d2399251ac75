/** The studies that are explored: directories that were named, and those in a folder of several. Requests name one by its id. */

import { basename, resolve } from "node:path";
import { studyFolders } from "./explored-folders.ts";
import { HttpFailure } from "./http-failure.ts";
import type { RunView } from "./run-view.ts";
import { StudyView } from "./study-view.ts";

export class StudyCatalogue {
  readonly #roots: readonly string[];
  readonly #byPath = new Map<string, StudyView>();

  /** @param folders studies, or folders that hold some; others are passed over */
  constructor(folders: readonly string[]) {
    this.#roots = folders.map((folder) => resolve(folder));
    this.studies();
  }

  areIn(folder: string): boolean {
    return studyFolders(folder).length > 0;
  }

  /** Those that are there now, in the order they were named, then by name. */
  studies(): StudyView[] {
    return [...new Set(this.#roots.flatMap(studyFolders))].map((path) => this.#view(path));
  }

  /** @throws HttpFailure (404) */
  study(id: string): StudyView {
    const found = this.studies().find((study) => study.id === id);
    if (found === undefined) throw new HttpFailure(404, `there is no study "${id}" here`);
    return found;
  }

  /** The newest result of a group, by the id that its study gives it, of studies that were seen before. @throws HttpFailure (409) while it has none */
  run(id: string): RunView | undefined {
    for (const study of this.#byPath.values()) {
      const run = study.run(id);
      if (run !== undefined) return run;
    }
    return undefined;
  }

  #view(path: string): StudyView {
    let view = this.#byPath.get(path);
    if (view === undefined) {
      view = new StudyView(this.#newId(path), path);
      this.#byPath.set(path, view);
    }
    return view;
  }

  /** As runs get theirs. */
  #newId(path: string): string {
    const name = basename(path) || "study";
    const taken = new Set([...this.#byPath.values()].map(({ id }) => id));
    for (let n = 1; ; n++) {
      const id = n === 1 ? name : `${name}-${n}`;
      if (!taken.has(id)) return id;
    }
  }
}
