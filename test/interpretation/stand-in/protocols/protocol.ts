/** What the protocols have in common: a call comes in, an answer goes out, with what it costs. */

import type { Asked } from "../brain.ts";
import type { Trouble } from "../faults.ts";

export interface Call {
  readonly number: number;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly troubles: readonly Trouble[];
}

export interface Answer {
  readonly status: number;
  readonly json?: object;
  /** Server-sent events in place of one body; a string is sent as it is. */
  readonly events?: readonly (object | string)[];
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export function refused(message: string, param: string | null = null, code: string | null = null): Answer {
  return { status: 400, json: { error: { message, type: "invalid_request_error", param, code } } };
}

/** The prompt as a brain sees it. */
export function askedPrompt(call: Call, kind: Asked["kind"], prompt: string): Asked {
  return {
    kind,
    number: call.number,
    messages: [{ role: "user", content: prompt }],
    text: prompt,
    schema: null,
    temperature: typeof call.body["temperature"] === "number" ? call.body["temperature"] : null,
  };
}

/** What troubles make of the model's words; whether they did anything. */
export function troubled(text: string, troubles: readonly Trouble[]): { text: string; changed: boolean } {
  let changed = false;
  for (const trouble of troubles) {
    if (trouble.type !== "changed") continue;
    text = trouble.change(text);
    changed = true;
  }
  return { text, changed };
}

/** An error in a body that says 200; undefined when none is due. */
export function errorWithin(troubles: readonly Trouble[]): Answer | undefined {
  const trouble = troubles.find((t) => t.type === "error-within");
  if (trouble === undefined) return undefined;
  return { status: 200, json: { error: { message: trouble.message, code: trouble.code } } };
}
