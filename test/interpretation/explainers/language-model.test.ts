import { describe, expect, test } from "vitest";
import { RequestFailed } from "../../../src/interpretation/endpoint/endpoint.ts";
import type { Excerpt, Passage } from "../../../src/interpretation/evidence/passage.ts";
import {
  explainingMessages,
  explainWithModel,
  sentenceOf,
} from "../../../src/interpretation/explainers/language-model.ts";
import { Prompts } from "../../../src/interpretation/prompts/prompts.ts";
import type { Explaining } from "../../../src/interpretation/protocols/protocol.ts";
import { oracle } from "../stand-in/oracle.ts";
import { brainEndpoint, saying } from "../simulators/brain-endpoint.ts";

const prompts = new Prompts();
const WORDS = [" the", " rain", " fell", ' "x"\n', " hail", "<<"];
const passage: Passage = {
  tokens: Int32Array.from({ length: 60 }, (_, i) => i % WORDS.length),
  starts: Int32Array.of(0, 60),
  documents: new Int32Array(60),
  sides: Uint8Array.of(0),
  places: null,
  tokenText: (id) => WORDS[id]!,
};
const excerpt = (start: number, over: Partial<Excerpt> = {}): Excerpt => ({
  start,
  length: 6,
  centre: null,
  group: "top",
  interval: null,
  ...over,
});

const RECORDS: Explaining = {
  excerpts: [excerpt(0), excerpt(6)],
  quantised: [
    [0, 10, 0, 1, 0, 0],
    [0, 8, 0, 0, 2, 0],
  ],
  scale: 10,
  logits: null,
};
const SPARSE: Explaining = {
  ...RECORDS,
  quantised: [
    [0, 10, 0, 0, 0, 0],
    [0, 8, 0, 0, 0, 0],
  ],
};
const lastOf = (explaining: Explaining, protocol: Parameters<typeof explainingMessages>[3]) =>
  explainingMessages(prompts, passage, explaining, protocol).at(-1)!.content;

describe("what is shown", () => {
  test("bills-2023: records with an integer for each token", () => {
    const text = lastOf(RECORDS, "bills-2023");
    expect(text).toContain(
      'excerpt 1 begins\n" the"\t0\n" rain"\t10\n" fell"\t0\n" \\"x\\"\\n"\t1\n" hail"\t0\n"<<"\t0\nexcerpt 1 ends\nexcerpt 2 begins',
    );
    expect(text).toContain("Excerpts with integers from 0 to 10:");
    // A third is above 0.
    expect(text).not.toContain("Only the tokens");
  });

  test("bills-2023: where less than a fifth is above 0, that once more", () => {
    const text = lastOf(SPARSE, "bills-2023");
    expect(text).toContain(
      'Only the tokens above 0:\n\nexcerpt 1 begins\n" rain"\t10\nexcerpt 1 ends\nexcerpt 2 begins\n" rain"\t8\nexcerpt 2 ends\n\nWhat is',
    );
  });

  test("bricken-2023: by interval, the strongest first, then other places and random text", () => {
    const explaining: Explaining = {
      excerpts: [
        excerpt(0, { group: "random", length: 2 }),
        excerpt(6, { group: "interval", interval: 0, length: 2 }),
        excerpt(12, { group: "elsewhere", length: 2 }),
        excerpt(18, { group: "top", interval: 2, length: 2 }),
        excerpt(24, { group: "interval", interval: 1, length: 2 }),
        excerpt(30, { group: "top", interval: 2, length: 2 }),
      ],
      quantised: [
        [0, 0],
        [0, 1],
        [0, 0],
        [0, 9],
        [0, 5],
        [0, 8],
      ],
      scale: 9,
      logits: { top: [2, 3], bottom: [5] },
    };
    expect(lastOf(explaining, "bricken-2023")).toBe(
      `Integers from 0 to 9.

Interval 3 of 3, the strongest:
" the"=0 " rain"=9
" the"=0 " rain"=8
Interval 2 of 3:
" the"=0 " rain"=5
Interval 1 of 3, the weakest:
" the"=0 " rain"=1
Its strongest tokens in other places:
" the"=0 " rain"=0
Text at random:
" the"=0 " rain"=0

More likely after it: " fell" " \\"x\\"\\n"
Less likely after it: "<<"

What is the unit active on? One sentence.`,
    );
    expect(lastOf({ ...explaining, logits: null }, "bricken-2023")).toContain(
      "More likely after it: not known",
    );
  });

  test.each(["detection", "fuzzing", "intruder"] as const)("%s: texts with marks", (protocol) => {
    const text = lastOf(
      {
        ...RECORDS,
        quantised: [
          [0, 10, 0, 3, 4, 0],
          [0, 0, 0, 0, 0, 0],
        ],
      },
      protocol,
    );
    expect(text).toContain(
      '1\t" the<< rain>> fell \\"x\\"\\n<< hail>>\\u003c\\u003c"\n\t" rain"=10 " hail"=4\n2\t" the rain fell',
    );
  });
});

describe("one sentence comes back", () => {
  const said = (text: string, finish: "stop" | "length" = "stop") =>
    sentenceOf({ text, refusal: null, finish });

  test.each([
    ["words for weather", "words for weather"],
    ["Words for weather.", "Words for weather"],
    ['"words for weather."', "words for weather"],
    ["**Explanation:** words for weather", "words for weather"],
    ["Explanation: “words for weather.”", "words for weather"],
    ["The explanation - `words for weather`", "words for weather"],
    ["Answer:\n\nwords for weather\n\nI hope this helps.", "words for weather"],
    ["<think>rain, hail …</think>\nwords for weather", "words for weather"],
    ['the word "to"', 'the word "to"'],
    ['"to" and "from"', '"to" and "from"'],
    ["dates, e.g.", "dates, e.g."],
    ["words such as rain, hail, etc.", "words such as rain, hail, etc."],
    ["explanations of rules", "explanations of rules"],
    ['apologies: "I\'m sorry" and the like', 'apologies: "I\'m sorry" and the like'],
  ])("%j", (text, sentence) => {
    expect(said(text)).toBe(sentence);
  });

  test.each([
    "",
    "  \n",
    '""',
    "...",
    "I'm sorry, but I can't help with that.",
    "I cannot do this",
    "<think>rain",
  ])("%j is none", (text) => expect(said(text)).toBeUndefined());

  test("what was cut counts to its last full stop", () => {
    expect(said("Words for weather. They come mostly in", "length")).toBe("Words for weather");
    expect(said("words for weather and the", "length")).toBeUndefined();
    expect(said("words for weather\nThey are", "length")).toBe("words for weather");
  });
});

describe("asking", () => {
  const ask = (endpoint: ReturnType<typeof brainEndpoint>) =>
    explainWithModel(endpoint, prompts, { passage, explaining: RECORDS }, "bills-2023");

  test("gives the sentence, the prompt's hash, and what it cost", async () => {
    const endpoint = brainEndpoint(oracle());
    expect(await ask(endpoint)).toEqual({
      text: 'tokens such as " rain" (9), " \\"x\\"\\n" (1), " hail" (1)',
      promptHashes: { "explain-bills.v1.md": prompts.hash("explain-bills") },
      usage: { inputTokens: 1, outputTokens: 1 },
      again: false,
    });
    expect(endpoint.chats).toHaveLength(1);
    expect(endpoint.chats[0]!.schema).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["a refusal", "I'm sorry, but I can't do that."],
  ])("after %s it asks once more in other words", async (_, text) => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer, nth) => saying(answer, nth === 0 ? text : "words for weather");
    const explanation = await ask(endpoint);
    expect(explanation).toMatchObject({ text: "words for weather", again: true, usage: { inputTokens: 2 } });
    expect(Object.keys(explanation.promptHashes)).toEqual(["explain-bills.v1.md", "explain-again.v1.md"]);
    expect(endpoint.chats[1]!.messages.at(-1)!.content).toMatch(/^That was no description/);
  });

  test("and not a third time", async () => {
    const endpoint = brainEndpoint(oracle());
    endpoint.change = (answer) => ({ ...answer, refusal: "No.", text: "" });
    await expect(ask(endpoint)).rejects.toThrow(RequestFailed);
    expect(endpoint.chats).toHaveLength(2);
  });
});
