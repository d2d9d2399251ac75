/**
 * left-out.json in a group's results: trials that have no dictionary, and why. One learning rate that is too high must not cost a study
 * the trials that were trained beside it.
 */

import { join } from "node:path";
import { writeJson } from "../files/atomic.ts";
import { readTextIfThere } from "../files/read.ts";

export type LeftOut = Readonly<Record<string, string>>;

const LEFT_OUT = "left-out.json";

export function writeLeftOut(work: string, trials: LeftOut): void {
  writeJson(join(work, LEFT_OUT), trials);
}

/** None where the file is missing or damaged. */
export function readLeftOut(result: string): LeftOut {
  try {
    return JSON.parse(readTextIfThere(join(result, LEFT_OUT)) ?? "{}") as LeftOut;
  } catch {
    return {};
  }
}
