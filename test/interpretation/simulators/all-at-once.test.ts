import { describe, expect, test } from "vitest";
import { RequestFailed } from "../../../src/interpretation/endpoint/endpoint.ts";
import { Prompts } from "../../../src/interpretation/prompts/prompts.ts";
import { modelAnswerer } from "../../../src/interpretation/simulators/model-answerer.ts";
import { oracle, sentenceOf } from "../stand-in/oracle.ts";
import { brainEndpoint } from "./brain-endpoint.ts";

const prompts = new Prompts();
const RULE = new Map([
  [" rain", 9],
  [" hail", 5],
]);
const EXPLANATION = sentenceOf(RULE);
const sequence = (...texts: string[]) => ({ ids: texts.map((_, i) => i), texts });
const ONE = sequence(" the", " rain", " fell", " as", " hail");
const TWO = sequence(" hail", " a", " rain");
const truth = ({ texts }: { texts: readonly string[] }) => texts.map((text) => RULE.get(text) ?? 0);
const answererOf = (endpoint: ReturnType<typeof brainEndpoint>) =>
  modelAnswerer(endpoint, prompts, "prompt-logprobs", EXPLANATION);

test("expected values are exact, one prompt for each record, nothing generated", async () => {
  const endpoint = brainEndpoint(oracle((value) => ({ [value]: 0.62, [value + 1]: 0.31, the: 0.07 })));
  const answerer = answererOf(endpoint);
  const answers = await answerer.simulate([ONE, TWO], 10);
  answers.forEach((values, i) =>
    truth([ONE, TWO][i]!).forEach((value, at) => expect(values![at]).toBeCloseTo(value + 1 / 3, 5)),
  );
  // One more that finds out how 10 is written.
  expect(endpoint.prompts).toHaveLength(3);
  expect(endpoint.chats).toHaveLength(0);
  // "unknown" itself is likely and no other value than those that count.
  expect(answerer.tally).toMatchObject({ values: 8, expected: 8, doubtful: 0, lostPlaces: 0 });
  expect(answerer.tally.kept / 8).toBeCloseTo(0.93, 4);
});

test("short excerpts share a prompt, to 9", async () => {
  const endpoint = brainEndpoint(oracle((value) => ({ [value]: 0.5, [value + 1]: 0.5 })));
  const [one, two] = await answererOf(endpoint).simulate([ONE, TWO], 9);
  expect(endpoint.prompts).toHaveLength(1);
  expect(one![0]).toBeCloseTo(0.5, 5);
  // 10 is no value of this scale.
  expect(one![1]).toBeCloseTo(9, 5);
  expect(two![0]).toBeCloseTo(5.5, 5);
});

test("where 10 is two tokens, the scale to 9 is used and stretched", async () => {
  const endpoint = brainEndpoint(oracle(), {}, { digits: "single" });
  const [one] = await answererOf(endpoint).simulate([ONE], 10);
  truth(ONE).forEach((value, at) => expect(one![at]).toBeCloseTo((value * 10) / 9, 5));
  expect(endpoint.prompts).toHaveLength(2);
  await answererOf(endpoint).simulate([TWO], 10);
  expect(endpoint.prompts).toHaveLength(3);
});

describe("places are found by characters", () => {
  type Tokens = Awaited<ReturnType<ReturnType<typeof brainEndpoint>["scorePrompt"]>>["tokens"];
  /** An endpoint whose tokens are cut differently. */
  const recut = (change: (tokens: Tokens) => Tokens) => {
    const endpoint = brainEndpoint(oracle());
    const { scorePrompt } = endpoint;
    return Object.assign(endpoint, {
      scorePrompt: async (request: Parameters<typeof scorePrompt>[0]) => {
        const answer = await scorePrompt(request);
        return { ...answer, tokens: change(answer.tokens) };
      },
    });
  };
  const check = async (change: (tokens: Tokens) => Tokens) => {
    const endpoint = recut(change);
    const answers = await answererOf(endpoint).simulate([ONE, TWO], 9);
    [ONE, TWO].forEach((one, i) =>
      truth(one).forEach((value, at) => expect(answers[i]![at]).toBeCloseTo(value, 5)),
    );
  };

  test("the tab joined with the word", () =>
    check((tokens) =>
      tokens.flatMap((one, i) => {
        if (one.token === "\t" && tokens[i + 1]?.token === "unknown") return [];
        if (one.token !== "unknown" || tokens[i - 1]?.token !== "\t") return [one];
        const top = one.top.map(({ token, logprob }) => ({
          token: /^\d+$|^unknown$/.test(token) ? `\t${token}` : token,
          logprob,
        }));
        return [{ token: "\tunknown", top }];
      }),
    ));

  test("the word in two tokens", () =>
    check((tokens) =>
      tokens.flatMap((one) =>
        one.token === "unknown"
          ? [
              { token: "un", top: one.top },
              { token: "known", top: [] },
            ]
          : [one],
      ),
    ));

  test("the tab joined with what stands before it", () =>
    check((tokens) =>
      tokens.flatMap((one, i) => {
        if (tokens[i + 1]?.token === "\t") return [];
        return one.token === "\t" ? [{ token: `${tokens[i - 1]!.token}\t`, top: [] }] : [one];
      }),
    ));

  test("a token before the prompt, and one that is spelled wrongly", () =>
    check((tokens) => [
      { token: "<s>", top: [] },
      ...tokens.map((one) => (one.token === " fell" ? { ...one, token: "\ufffd" } : one)),
    ]));

  test("a place that is gone fails the prompt, one without values its excerpt", async () => {
    const lost = recut((tokens) =>
      tokens.filter(({ token }, i) => token !== "unknown" || i < tokens.length - 20),
    );
    const one = answererOf(lost);
    expect(await one.simulate([ONE, TWO], 9)).toEqual([null, null]);
    expect(one.tally.lostPlaces).toBe(1);

    const bare = recut((tokens) => {
      const last = tokens.findLastIndex(({ token }) => token === "unknown");
      return tokens.map((token, i) =>
        i === last ? { ...token, top: [{ token: " the", logprob: -0.1 }] } : token,
      );
    });
    const two = answererOf(bare);
    const [first, second] = await two.simulate([ONE, TWO], 9);
    expect(first).not.toBeNull();
    expect(second).toBeNull();
    expect(two.tally).toMatchObject({ lostPlaces: 1, values: 5 });
  });
});

test("a failed request fails its record alone and is counted", async () => {
  const endpoint = brainEndpoint(oracle());
  const { scorePrompt } = endpoint;
  let asked = 0;
  const faulty = Object.assign(endpoint, {
    scorePrompt: async (request: Parameters<typeof scorePrompt>[0]) => {
      if (++asked === 2) throw new RequestFailed("no answer");
      return scorePrompt(request);
    },
  });
  const answerer = answererOf(faulty);
  const [one, two] = await answerer.simulate([ONE, TWO], 10);
  expect(one).toBeNull();
  expect(two).toHaveLength(3);
  expect(answerer.tally.failedRequests).toBe(1);
});
