/** How a study stands, for the page that asks every few seconds: several pages share one look, and a scheduler is asked seldom. */

import { readEngine } from "../../study/engine-file.ts";
import { readState } from "../../study/read-state.ts";
import { schedulerOf } from "../../study/scheduler-of.ts";
import type { PartState, Scheduler } from "../../study/state.ts";
import { progressWords } from "../../study/status-text.ts";
import type { StudyFolder } from "../../study/study-folder.ts";
import type { StandingPart, StudyStanding } from "../study-api.ts";

const FRESH_MS = 1000;
/** A queue is shared with everybody on a cluster. */
const SCHEDULER_MS = 20_000;

type Standing = Omit<StudyStanding, "results">;

export class StandingReader {
  #look: { readonly at: number; readonly standing: Promise<Standing> } | undefined;
  #scheduler: Scheduler | undefined;

  read(folder: StudyFolder): Promise<Standing> {
    if (this.#look === undefined || Date.now() - this.#look.at > FRESH_MS) {
      const standing = this.#read(folder);
      const look = { at: Date.now(), standing };
      this.#look = look;
      standing.catch(() => {
        if (this.#look === look) this.#look = undefined;
      });
    }
    return this.#look.standing;
  }

  async #read(folder: StudyFolder): Promise<Standing> {
    const { engine, retry } = readEngine(folder);
    if (this.#scheduler === undefined) {
      // A cluster's disk may be seen from where there is no cluster.
      const found = await schedulerOf(folder, engine).catch(() => undefined);
      this.#scheduler = found && askedSeldom(found);
    }
    const { parts, done, failed, cancelled, complete } = await readState(folder, {
      scheduler: this.#scheduler,
      policy: retry,
    });
    const now = Date.now();
    return { parts: parts.map((part) => standingPart(part, now)), done, failed, cancelled, complete };
  }
}

function standingPart({ part, status, sentence, attempts }: PartState, now: number): StandingPart {
  const atWork = status === "running" ? attempts.findLast(({ outcome }) => outcome === null) : undefined;
  const { done = 0, total = null } = atWork?.progress ?? {};
  return {
    name: part.name,
    stage: part.stage,
    status,
    sentence,
    attempts: attempts.length,
    progress:
      atWork === undefined
        ? null
        : {
            words: atWork.progress === null ? "starting" : progressWords(atWork.progress, now),
            share: total === null || total === 0 ? null : Math.min(1, done / total),
            host: String(atWork.record.host),
          },
  };
}

/** The same answers for a while; how an attempt ended does not change. */
function askedSeldom(scheduler: Scheduler): Scheduler {
  let queue: { readonly at: number; readonly answer: ReturnType<Scheduler["alive"]> } | undefined;
  const endings = new Map<string, ReturnType<Scheduler["ending"]>>();
  return {
    alive() {
      if (queue === undefined || Date.now() - queue.at > SCHEDULER_MS) {
        queue = { at: Date.now(), answer: scheduler.alive().catch(() => undefined) };
      }
      return queue.answer;
    },
    ending(attempt) {
      const { id } = attempt.record;
      let answer = endings.get(id);
      if (answer === undefined) {
        answer = scheduler.ending(attempt).catch(() => undefined);
        endings.set(id, answer);
      }
      return answer;
    },
  };
}
