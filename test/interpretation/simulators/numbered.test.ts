import { describe, expect, test } from "vitest";
import { BudgetSpent, type ChatAnswer } from "../../../src/interpretation/endpoint/endpoint.ts";
import { Prompts } from "../../../src/interpretation/prompts/prompts.ts";
import { modelAnswerer } from "../../../src/interpretation/simulators/model-answerer.ts";
import { HOSTILE } from "../prompts/hostile.ts";
import { oracle, sentenceOf } from "../stand-in/oracle.ts";
import { NUMBER_STYLES } from "../stand-in/tokens.ts";
import { brainEndpoint, failing, saying } from "./brain-endpoint.ts";

const prompts = new Prompts();
const RULE = new Map([
  [" rain", 9],
  [" sleet", 6],
  [" wind", 2],
]);
const EXPLANATION = sentenceOf(RULE);
const WORDS = [" the", " rain", " and", " sleet", ",", " wind", " town"];

/** Sequences of these lengths. */
function sequences(...lengths: number[]) {
  let at = 0;
  return lengths.map((length) => {
    const texts = Array.from({ length }, () => WORDS[(at++ * 5) % WORDS.length]!);
    return { ids: texts.map((_, i) => i), texts };
  });
}
const truth = ({ texts }: { texts: readonly string[] }) => texts.map((text) => RULE.get(text) ?? 0);
const EXCERPTS = sequences(...Array.from({ length: 60 }, () => 9));
const RECORDS = sequences(64, 64, 61);

/** 0.7 on the value, the rest on two neighbours and on something that is no value. */
const SPREAD = (value: number) => ({
  [value]: 0.7,
  [Math.min(9, value + 1)]: value === 9 ? 0.7 : 0.2,
  the: 0.1,
});
const EXPECTED = (value: number) => (value === 9 ? 9 : (0.7 * value + 0.2 * (value + 1)) / 0.9);

describe("integers", () => {
  test("60 excerpts of 9 tokens go into one request", async () => {
    const endpoint = brainEndpoint(oracle());
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    expect(await answerer.simulate(EXCERPTS, 9)).toEqual(EXCERPTS.map(truth));
    expect(endpoint.chats).toHaveLength(1);
    expect(endpoint.chats[0]!.topLogprobs).toBeUndefined();
    expect(endpoint.chats[0]!.schema!.schema["required"]).toHaveLength(60);
    expect(answerer.tally).toMatchObject({ values: 540, expected: 0, repairs: 0 });
  });

  test("records go into one request each, and are stretched to 10", async () => {
    const endpoint = brainEndpoint(oracle(), { schema: null });
    const answers = await modelAnswerer(endpoint, prompts, "integers", EXPLANATION).simulate(RECORDS, 10);
    expect(endpoint.chats).toHaveLength(3);
    expect(endpoint.chats[0]!.schema).toBeUndefined();
    answers.forEach((values, i) =>
      truth(RECORDS[i]!).forEach((value, at) => expect(values![at]).toBeCloseTo((value * 10) / 9, 12)),
    );
    expect(answers.map((values) => values!.length)).toEqual([64, 64, 61]);
  });
});

describe("expected values", () => {
  test.each(NUMBER_STYLES)("are exact when numbers are written as %s", async (numbers) => {
    const endpoint = brainEndpoint(oracle(SPREAD), {}, { numbers });
    const answerer = modelAnswerer(endpoint, prompts, "expected-values", EXPLANATION);
    const answers = await answerer.simulate(EXCERPTS.slice(0, 20), 9);
    expect(endpoint.chats[0]!.topLogprobs).toBe(20);
    answers.forEach((values, i) =>
      truth(EXCERPTS[i]!).forEach((value, at) => expect(values![at]).toBeCloseTo(EXPECTED(value), 6)),
    );
    expect(answerer.tally).toMatchObject({ values: 180, expected: 180 });
  });

  test("at scale 10 they are stretched", async () => {
    const endpoint = brainEndpoint(oracle(SPREAD));
    const [values] = await modelAnswerer(endpoint, prompts, "expected-values", EXPLANATION).simulate(
      RECORDS,
      10,
    );
    truth(RECORDS[0]!).forEach((value, at) => expect(values![at]).toBeCloseTo((EXPECTED(value) * 10) / 9, 6));
  });

  test("with little behind them they are counted", async () => {
    const endpoint = brainEndpoint(oracle((value) => ({ [value]: 0.3, the: 0.7 })));
    const answerer = modelAnswerer(endpoint, prompts, "expected-values", EXPLANATION);
    expect(await answerer.simulate(EXCERPTS.slice(0, 2), 9)).toEqual(EXCERPTS.slice(0, 2).map(truth));
    expect(answerer.tally).toMatchObject({ expected: 18, doubtful: 18 });
    expect(answerer.tally.kept / 18).toBeCloseTo(0.3, 5);
  });

  test("an endpoint that gives none although asked is taken at its integers", async () => {
    const endpoint = brainEndpoint(oracle(SPREAD));
    endpoint.change = (answer) => ({ ...answer, tokens: null });
    const answerer = modelAnswerer(endpoint, prompts, "expected-values", EXPLANATION);
    expect(await answerer.simulate(EXCERPTS, 9)).toEqual(EXCERPTS.map(truth));
    expect(answerer.tally).toMatchObject({ values: 540, expected: 0 });
  });
});

describe("what is missing", () => {
  /** The nth answer with its JSON changed. */
  const changed =
    (nth: number, change: (values: Record<string, unknown>) => void) => (answer: ChatAnswer, i: number) => {
      if (i !== nth) return answer;
      const values = JSON.parse(answer.text) as Record<string, unknown>;
      change(values);
      return saying(answer, JSON.stringify(values));
    };

  test.each([
    ["too short", [0, 0]],
    ["beyond the scale", [10, 0, 0, 0, 0, 0, 0, 0]],
    ["a string", ["0", 0, 0, 0, 0, 0, 0, 0]],
    ["a fraction", [0.5, 0, 0, 0, 0, 0, 0, 0]],
    ["null", null],
  ])("is asked for once, by name: %s", async (_, row) => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = changed(0, (values) => {
      values["3"] = row;
      delete values["5"];
    });
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    const [values] = await answerer.simulate([RECORDS[0]!], 10);
    expect(values!.map((value) => Math.round(0.9 * value))).toEqual(truth(RECORDS[0]!));
    expect(endpoint.chats).toHaveLength(2);
    const [, { messages, schema }] = endpoint.chats as [unknown, (typeof endpoint.chats)[0]];
    expect(messages.at(-1)!.content).toContain('"3" (8 integers), "5" (8 integers).');
    expect(messages.at(-2)!.role).toBe("assistant");
    expect(schema!.schema["required"]).toEqual(["3", "5"]);
    expect(answerer.tally.repairs).toBe(1);
  });

  test("and when it is still missing the excerpt failed: null, not zeros, and no third request", async () => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer) => {
      const values = JSON.parse(answer.text) as Record<string, number[]>;
      if ("3" in values) values["3"]!.pop();
      return saying(answer, JSON.stringify(values));
    };
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    expect(await answerer.simulate([RECORDS[0]!], 10)).toEqual([null]);
    expect(endpoint.chats).toHaveLength(2);
  });

  test("among short excerpts fails alone", async () => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer, nth) =>
      nth === 0
        ? changed(0, (values) => (values["7"] = [1]))(answer, 0)
        : saying(answer, "I would rather not.");
    const answers = await modelAnswerer(endpoint, prompts, "integers", EXPLANATION).simulate(EXCERPTS, 9);
    expect(answers[6]).toBeNull();
    expect(answers.toSpliced(6, 1)).toEqual(EXCERPTS.map(truth).toSpliced(6, 1));
    expect(endpoint.chats).toHaveLength(2);
  });

  test("of an answer that was cut is asked for in smaller requests, and what was complete is kept", async () => {
    const endpoint = brainEndpoint(oracle(SPREAD));
    endpoint.change = (answer, nth) => {
      if (nth !== 0) return answer;
      const tokens = answer.tokens!.slice(0, 300);
      return { ...answer, tokens, text: tokens.map(({ token }) => token).join(""), finish: "length" };
    };
    const answerer = modelAnswerer(endpoint, prompts, "expected-values", EXPLANATION);
    const answers = await answerer.simulate(EXCERPTS, 9);
    answers.forEach((values, i) =>
      truth(EXCERPTS[i]!).forEach((value, at) => expect(values![at]).toBeCloseTo(EXPECTED(value), 6)),
    );
    // 300 tokens hold some of the 60 excerpts; the others fit in four requests of 15.
    expect(endpoint.chats.length).toBeGreaterThan(2);
    expect(endpoint.chats.length).toBeLessThanOrEqual(5);
    expect(endpoint.chats[1]!.messages.at(-1)!.content).toMatch(/^1\t9 tokens\t\[/m);
    expect(answerer.tally.cut).toBe(1);
  });

  test("of a list of the wrong length is asked for in smaller requests, each repaired once at most", async () => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer, nth) =>
      nth === 0 ? saying(answer, JSON.stringify(Array.from({ length: 539 }, () => 0))) : answer;
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    expect(await answerer.simulate(EXCERPTS, 9)).toEqual(EXCERPTS.map(truth));
    expect(endpoint.chats).toHaveLength(5);

    const silent = brainEndpoint(oracle());
    silent.change = (answer) => saying(answer, "");
    const answers = await modelAnswerer(silent, prompts, "integers", EXPLANATION).simulate(EXCERPTS, 9);
    expect(answers).toEqual(EXCERPTS.map(() => null));
    expect(silent.chats).toHaveLength(1 + 4 + 4);
    expect(silent.chats.at(-1)!.messages.at(-2)!.role).toBe("user");
  });

  test.each([
    ["a refusal", (answer: ChatAnswer) => ({ ...answer, refusal: "No.", text: "" }), "refusals"],
    ["a filter", (answer: ChatAnswer) => ({ ...answer, finish: "filter" as const }), "refusals"],
    ["a failed request", failing, "failedRequests"],
  ] as const)("because of %s is null and counted", async (_, change, counted) => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer, nth) => (nth === 1 ? change(answer) : answer);
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    const answers = await answerer.simulate(RECORDS, 10);
    expect(answers.map((values) => values === null)).toEqual([false, true, false]);
    expect(answerer.tally[counted]).toBe(1);
    expect(endpoint.chats).toHaveLength(3);
  });

  test("a spent budget ends the work, after what is under way", async () => {
    const endpoint = brainEndpoint(oracle());
    let answered = 0;
    endpoint.change = (answer, nth) => {
      if (nth === 0) throw new BudgetSpent("spent");
      answered++;
      return answer;
    };
    const answerer = modelAnswerer(endpoint, prompts, "integers", EXPLANATION);
    await expect(answerer.simulate(RECORDS, 10)).rejects.toThrow(BudgetSpent);
    expect(answered).toBe(2);
  });

  test("any other error is nobody's answer", async () => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = () => {
      throw new TypeError("a bug");
    };
    await expect(
      modelAnswerer(endpoint, prompts, "integers", EXPLANATION).simulate(RECORDS, 10),
    ).rejects.toThrow("a bug");
  });
});

test("tokens that want to be more are values like others, in every mode", async () => {
  const texts = [...HOSTILE, " rain"];
  const rule = new Map([...HOSTILE.map((token, i) => [token, i % 9] as const), [" rain", 9] as const]);
  const sequence = { ids: texts.map((_, i) => i), texts };
  const real = texts.map((text) => rule.get(text)!);
  for (const mode of ["prompt-logprobs", "expected-values", "integers"] as const) {
    const answerer = modelAnswerer(brainEndpoint(oracle()), prompts, mode, sentenceOf(rule));
    const [nine] = await answerer.simulate([sequence], 9);
    nine!.forEach((value, i) => expect(value, JSON.stringify(texts[i])).toBeCloseTo(real[i]!, 5));
    const [ten] = await answerer.simulate([sequence], 10);
    expect(ten, mode).toHaveLength(texts.length);
  }
});

test("no excerpts, no requests", async () => {
  const endpoint = brainEndpoint(oracle());
  for (const mode of ["prompt-logprobs", "expected-values"] as const) {
    const answerer = modelAnswerer(endpoint, prompts, mode, EXPLANATION);
    expect(await answerer.simulate([], 9)).toEqual([]);
    expect(await answerer.detect([])).toEqual([]);
  }
  expect(endpoint.chats).toEqual([]);
});
