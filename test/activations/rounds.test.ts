/** The shuffled stream: every token once a pass, in a new order each pass, the same after an interruption. */

import { expect, test } from "vitest";
import { HarvestedActivations } from "../../src/activations/harvested-activations.ts";
import { ActivationRounds, type RoundsOptions } from "../../src/activations/rounds.ts";
import type { Cut } from "../../src/model/cut.ts";
import type { TokenSplit } from "../../src/text/shards.ts";

const CONTEXT = 4;
const BATCH = 2;

/** A model whose activation at a token is the token itself, twice: rows can be told apart. */
const cut = {
  hook: "identity",
  dIn: 2,
  batch: BATCH,
  context: CONTEXT,
  async prefix(tokens: Int32Array, { activation }: { activation: Float32Array }) {
    tokens.forEach((token, i) => activation.fill(token, 2 * i, 2 * i + 2));
    return { activation, carry: undefined };
  },
} as unknown as Cut;

/** `contexts` contexts whose tokens are numbered through. */
function text(contexts: number): TokenSplit {
  return {
    contexts,
    context: CONTEXT,
    read(first, count, into = new Int32Array(count * CONTEXT)) {
      for (let i = 0; i < count * CONTEXT; i++) into[i] = first * CONTEXT + i;
      return into;
    },
  };
}

function stream(contexts: number, options: Partial<RoundsOptions> = {}): ActivationRounds {
  return new ActivationRounds(new HarvestedActivations(cut, text(contexts), 2), {
    seed: 1,
    bufferBytes: 4 * 8 * 2 * 4,
    ...options,
  });
}

async function rows(rounds: ActivationRounds, position: number, count: number): Promise<number[]> {
  const into = new Float32Array(count * 2);
  await rounds.take(position, count, into);
  return Array.from({ length: count }, (_, i) => into[2 * i]!);
}

test("one pass hands out every token exactly once, shuffled across contexts", async () => {
  const all = await rows(stream(16), 0, 64);
  expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  const neighbours = all.filter(
    (token, i) => i > 0 && Math.floor(token / CONTEXT) === Math.floor(all[i - 1]! / CONTEXT),
  );
  expect(neighbours.length).toBeLessThan(25);
});

test("no round reaches into the next pass: nothing is handed out twice before the rest has had its turn", async () => {
  // 19 contexts are 9 batches and one context over: rounds of 4, 4 and 1 batches.
  const rounds = stream(19);
  expect(rounds.rowsPerPass).toBe(72);
  const passes = await rows(rounds, 0, 3 * 72);
  for (let pass = 0; pass < 3; pass++)
    expect(new Set(passes.slice(pass * 72, (pass + 1) * 72)).size).toBe(72);
  expect(new Set(passes).size).toBe(76);
  expect(await rows(stream(19), 100, 20)).toEqual(passes.slice(100, 120));
});

test("the next pass has another order", async () => {
  const rounds = stream(16);
  const [first, second] = [await rows(rounds, 0, 64), await rows(rounds, 64, 64)];
  expect(second).not.toEqual(first);
  expect(second.toSorted((a, b) => a - b)).toEqual(first.toSorted((a, b) => a - b));
  expect([rounds.passOf(63), rounds.passOf(64)]).toEqual([0, 1]);
});

test("a stream opened anew goes on at any position with the same rows", async () => {
  const straight = await rows(stream(16), 0, 100);
  for (const position of [1, 31, 32, 50, 64, 90]) {
    expect(await rows(stream(16), position, 10)).toEqual(straight.slice(position, position + 10));
  }
});

test("the buffer is bounded, at least one pass of the model, and says its size", () => {
  expect(stream(16).rows).toBe(32);
  expect(stream(16).bytes).toBe(32 * 2 * 4);
  expect(stream(16, { bufferBytes: 1 }).rows).toBe(BATCH * CONTEXT);
});

test("same-buffer hands out the text's last round for ever, in new orders", async () => {
  const rounds = stream(16, { afterText: "same-buffer" });
  const [last, after, later] = [
    await rows(rounds, 32, 32),
    await rows(rounds, 64, 32),
    await rows(rounds, 320, 32),
  ];
  expect(after).not.toEqual(last);
  for (const round of [after, later])
    expect(round.toSorted((a, b) => a - b)).toEqual(last.toSorted((a, b) => a - b));
});

test("batches for resampling come from the buffer and change nothing about the stream", async () => {
  const rounds = stream(16);
  const before = await rows(rounds, 0, 5);
  const seen: number[] = [];
  for await (const batch of rounds.batches(8, 1000)) for (let i = 0; i < 8; i++) seen.push(batch[2 * i]!);
  expect(seen).toHaveLength(32);
  expect(new Set(seen).size).toBe(32);
  expect([...before, ...(await rows(rounds, 5, 27))]).toEqual(await rows(stream(16), 0, 32));
});
