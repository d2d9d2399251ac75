/** Whether an attempt is still the one that counts, and why not. Looked at every few seconds, and before anything is published. */

import { existsSync } from "node:fs";
import { Failure } from "../../errors.ts";
import type { StudyFolder } from "../study-folder.ts";
import type { Attempt } from "./claim.ts";
import { attemptNumbers } from "./attempt-folder.ts";

/** Somebody else does the part, or has done it. */
export class Superseded extends Failure {}

/** The whole study is to stand still. */
export class Cancelled extends Failure {}

/** A signal that asks the process to stop with a checkpoint. */
export class Stopped extends Failure {
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** Undefined while the attempt counts. */
export function whyToStop(
  folder: StudyFolder,
  part: string,
  { number }: Pick<Attempt, "number">,
): Superseded | Cancelled | undefined {
  const latest = attemptNumbers(folder.attemptsFolder(part)).at(-1);
  if (latest !== undefined && latest > number) {
    return new Superseded(`attempt ${latest} at ${part} has begun, so this one, ${number}, no longer counts`);
  }
  if (folder.isDone(part)) return new Superseded(`${part} is done already`);
  if (existsSync(folder.cancelled)) return new Cancelled("the study was cancelled");
  return undefined;
}
