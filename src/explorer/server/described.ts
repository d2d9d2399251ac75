/** What the person and the page are told of anything that was thrown while a request was answered. */

import { Failure, messageOf, outOfMemory, UsageError } from "../../errors.ts";
import { StoreBusy } from "../../store/connection.ts";
import { type FailureStatus, HttpFailure } from "./http-failure.ts";

/** The status and the sentence for anything that was thrown. */
export function described(thrown: unknown): { status: FailureStatus; sentence: string; isBug: boolean } {
  if (thrown instanceof HttpFailure) {
    return { status: thrown.status, sentence: thrown.message, isBug: false };
  }
  if (isCalledOff(thrown)) return { status: 503, sentence: "the request was called off", isBug: false };
  const expected = outOfMemory(thrown) ?? thrown;
  if (expected instanceof UsageError) return { status: 400, sentence: expected.message, isBug: false };
  if (expected instanceof StoreBusy) return { status: 503, sentence: expected.message, isBug: false };
  if (expected instanceof Failure) return { status: 500, sentence: expected.message, isBug: false };
  return {
    status: 500,
    sentence: `unexpected error: ${messageOf(thrown)}; this is a bug, please report it`,
    isBug: true,
  };
}

/** Whether work ended because nobody waits for it any more. */
export function isCalledOff(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}
