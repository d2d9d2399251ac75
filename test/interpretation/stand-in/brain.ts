/**
 * What answers in place of a language model: rules over the text of a request. A brain says what the answer is, and which other
 * tokens it nearly said; the server speaks for it in each protocol (server.ts), cuts its answer into tokens, enforces schemas and
 * token limits, and misbehaves as it is told (faults.ts).
 */

import { PRINTABLE } from "./tokens.ts";

export interface Asked {
  /** "chat" and "completion" want an answer; "score" wants the probabilities of the prompt's own tokens. */
  readonly kind: "chat" | "completion" | "score";
  /** Number of the request since the server started, from 1. */
  readonly number: number;
  /** The messages of a chat; one user message for the other kinds. */
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** The contents of all messages, with an empty line between them; the prompt itself for the other kinds. */
  readonly text: string;
  /** JSON Schema and its name, where the request has one that the server knows. */
  readonly schema: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> } | null;
  readonly temperature: number | null;
}

/** Probabilities of tokens, by their text; they need not add up to 1. */
export type Probabilities = Readonly<Record<string, number>>;

export interface Brain {
  /** The answer, or with `refusal` that there is none. Not called for prompts that are scored. */
  answer(asked: Asked): string | { readonly refusal: string };
  /**
   * Probabilities of the values that could stand at the `nth` whole number of the answer (from 0), by digits: `{ "3": 0.7, "4": 0.3 }`.
   * The server writes them the way its tokens are: " 3", ",3", "[3". Default: nine tenths for the number itself, the rest beside it.
   */
  number?(asked: Asked, nth: number, value: number): Probabilities;
  /** Probabilities at any other token of the answer that starts `offset` characters into it. Default: nine tenths for the token. */
  token?(asked: Asked, offset: number, token: string): Probabilities | undefined;
  /**
   * Probabilities of what could stand in the place of a token of a scored prompt, `offset` characters into it, as in the slots after a
   * tab. `undefined`: the default, nine tenths for the token itself.
   */
  prompt?(asked: Asked, offset: number, token: string): Probabilities | undefined;
}

/** Always the same answer. */
export function saying(text: string): Brain {
  return { answer: () => text };
}

/** Where no brain has anything to say: half a sentence without a number in JSON. */
export const SILENT: Brain = saying("There is nothing to say about that.");

/** The first brain whose `when` accepts the request answers it. */
export function firstOf(...brains: readonly (Brain & { readonly when: (asked: Asked) => boolean })[]): Brain {
  const of = (asked: Asked): Brain => brains.find((brain) => brain.when(asked)) ?? SILENT;
  return {
    answer: (asked) => of(asked).answer(asked),
    number: (asked, nth, value) => of(asked).number?.(asked, nth, value) ?? beside(value),
    token: (asked, offset, token) => of(asked).token?.(asked, offset, token),
    prompt: (asked, offset, token) => of(asked).prompt?.(asked, offset, token),
  };
}

/**
 * A brain for prompts whose slots read "unknown" after a tab: `value` gives the probabilities of what stands in each slot, from the text
 * before the tab on that line.
 */
export function fillingSlots(
  value: (beforeTab: string, asked: Asked) => Probabilities,
  slot = "unknown",
): Brain {
  return {
    ...SILENT,
    prompt(asked, offset, token) {
      if (token !== slot || asked.text[offset - 1] !== "\t") return undefined;
      const line = asked.text.slice(asked.text.lastIndexOf("\n", offset - 1) + 1, offset - 1);
      return value(line, asked);
    },
  };
}

/** Most of it on one value, a tenth on its neighbours: what a brain without an opinion says about a number. */
export function beside(value: number): Probabilities {
  return { [value]: 0.9, [value + 1]: 0.06, [Math.max(0, value - 1)]: value === 0 ? 0.9 : 0.04 };
}

/** Nine tenths on the token itself, the rest on others. */
export function mostly(token: string): Probabilities {
  const others = PRINTABLE.filter((other) => other !== token);
  return Object.fromEntries([
    [token, 0.9],
    ...others.map((other, i) => [other, 0.1 / 2 ** (i + 1)] as const),
  ]);
}
