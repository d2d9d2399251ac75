/**
 * A study while it is going on, on stderr: on a terminal the lines of `status`, redrawn in place; elsewhere a plain line when a part
 * begins or ends, and every minute one that says how the whole stands.
 */

import type { Plan } from "../study/plan.ts";
import type { StudyState } from "../study/state.ts";
import { statusLines } from "../study/status-text.ts";
import type { Progress, Screen } from "./progress.ts";

const LINE_MS = 60_000;

export interface StudyProgress {
  readonly onState: (state: StudyState) => void;
  readonly onNote: (line: string) => void;
  /** Leaves the last lines as they stand. */
  end(): void;
}

export function studyProgress(
  plan: Plan,
  progress: Progress,
  screen: Screen & { readonly rows?: number },
): StudyProgress {
  return screen.isTTY ? new Table(plan, screen) : plainLines(plan, progress);
}

function plainLines(plan: Plan, progress: Progress): StudyProgress {
  let shown = performance.now();
  return {
    onState(state) {
      if (performance.now() - shown < LINE_MS) return;
      shown = performance.now();
      progress.say(statusLines(plan, state)[0]!);
    },
    onNote: (line) => progress.say(line),
    end() {},
  };
}

class Table implements StudyProgress {
  readonly #plan: Plan;
  readonly #screen: Screen & { readonly rows?: number };
  #drawn = 0;
  #last: StudyState | undefined;

  constructor(plan: Plan, screen: Screen & { readonly rows?: number }) {
    this.#plan = plan;
    this.#screen = screen;
  }

  readonly onState = (state: StudyState): void => {
    this.#last = state;
    this.#draw();
  };

  readonly onNote = (line: string): void => {
    this.#erase();
    this.#screen.write(`${line}\n`);
    this.#draw();
  };

  end(): void {
    this.#drawn = 0;
  }

  #draw(): void {
    if (this.#last === undefined) return;
    this.#erase();
    const columns = (this.#screen.columns ?? 80) - 1;
    // What has scrolled away cannot be erased.
    const lines = statusLines(this.#plan, this.#last, { columns }).slice(0, (this.#screen.rows ?? 24) - 2);
    this.#screen.write(lines.map((line) => `${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#screen.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }
}
