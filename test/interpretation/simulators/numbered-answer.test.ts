import { describe, expect, test } from "vitest";
import { jsonIn } from "../../../src/interpretation/simulators/json-answer.ts";
import {
  type Bounds,
  readNumbers,
  type Slot,
} from "../../../src/interpretation/simulators/numbered-answer.ts";

const TO_9: Bounds = { lowest: 0, highest: 9 };
const YES_NO: Bounds = { lowest: 0, highest: 1 };
const SLOTS: Slot[] = [
  { key: "1", count: 2 },
  { key: "2", count: 3 },
];
const ITEMS: Slot[] = [
  { key: "1", count: null },
  { key: "2", count: null },
];

function integers(text: string, slots = SLOTS, bounds = TO_9) {
  const values = readNumbers({ text, tokens: null }, slots, bounds, true);
  return values.map((one) => one && one.map(({ integer }) => integer));
}

const BOTH = [
  [0, 3],
  [9, 0, 1],
];

test.each([
  ["as asked", '{"1":[0,3],"2":[9,0,1]}'],
  ["spread over lines", '{\n  "1": [ 0, 3 ],\n  "2": [9,\n0, 1]\n}\n'],
  ["in another order", '{"2":[9,0,1],"1":[0,3]}'],
  ["in a fence", '```json\n{"1":[0,3],"2":[9,0,1]}\n```'],
  ["between sentences", 'Sure [see 1]: the row {1} is {"1":[0,3],"2":[9,0,1]}. Row "2" is {strong}.'],
  ["behind a footnote", 'As in [1], [0, 0]: {"1":[0,3],"2":[9,0,1]}'],
  ["under a name", '{"values":{"1":[0,3],"2":[9,0,1]}}'],
  ["with more keys", '{"1":[0,3],"2":[9,0,1],"3":[1],"note":"x"}'],
  ["lists in order", "[[0,3],[9,0,1]]"],
  ["one list of all", "[0,3,9,0,1]"],
  ["one list under a name", '{"values": [0,3,9,0,1]}'],
])("an answer %s is read", (_, text) => {
  expect(integers(text)).toEqual(BOTH);
});

describe("nothing is made up: a key is missing with", () => {
  test.each([
    ["a value too few", '{"1":[0],"2":[9,0,1]}'],
    ["a value too many", '{"1":[0,3,0],"2":[9,0,1]}'],
    ["a value beyond the scale", '{"1":[0,10],"2":[9,0,1]}'],
    ["a negative value", '{"1":[0,-1],"2":[9,0,1]}'],
    ["a fraction", '{"1":[0,3.5],"2":[9,0,1]}'],
    ["a fraction that is none", '{"1":[0,3.0],"2":[9,0,1]}'],
    ["an exponent", '{"1":[0,3e0],"2":[9,0,1]}'],
    ["a zero in front", '{"1":[0,03],"2":[9,0,1]}'],
    ["strings", '{"1":["0","3"],"2":[9,0,1]}'],
    ["null", '{"1":[0,null],"2":[9,0,1]}'],
    ["a truth value", '{"1":[false,true],"2":[9,0,1]}'],
    ["lists within", '{"1":[[0],[3]],"2":[9,0,1]}'],
    ["an integer for a list", '{"1":3,"2":[9,0,1]}'],
    ["its key twice", '{"1":[0,3],"1":[0,3],"2":[9,0,1]}'],
    ["its key gone", '{"2":[9,0,1]}'],
  ])("%s", (_, text) => {
    expect(integers(text)).toEqual([null, [9, 0, 1]]);
  });

  test.each([
    ["empty", ""],
    ["prose", "I cannot say."],
    ["integers without JSON", "0 3 9 0 1"],
    ["a list of the wrong length", "[0,3,9,0]"],
    ["lists of the wrong number", "[[0,3]]"],
    ["brackets without end", "[[[[[[[[[[".repeat(500)],
    ["many objects", '{"a":'.repeat(5000)],
    ["wrong JSON", '{"1":[0,3],,"2":[9,0,1]}'],
    ["in single quotes", "{'3':[0,3,9,0,1]}"],
    ["broken around a list", '{"3": [0,3,9,0,1],,}'],
    ["broken lists", "[[0,3,9,0,1],,[0,3,9,0,1]]"],
  ])("everything when the answer is %s", (_, text) => {
    expect(integers(text)).toEqual([null, null]);
  });
});

test("of an answer that was cut, what is complete counts", () => {
  const text = '{"1":[0,3],"2":[9,0,1]}';
  for (let length = 0; length <= text.length; length++) {
    const complete = [length >= 10 ? [0, 3] : null, length >= 22 ? [9, 0, 1] : null];
    expect(integers(text.slice(0, length)), text.slice(0, length)).toEqual(complete);
  }
  expect(integers("[[0,3],[9,0")).toEqual([[0, 3], null]);
  // Whether another digit follows is not known.
  expect(integers('{"1":1', ITEMS, YES_NO)).toEqual([null, null]);
  expect(integers('{"1":1,', ITEMS, YES_NO)).toEqual([[1], null]);
});

test("verdicts are 0 and 1, or truth values", () => {
  expect(integers('{"1":1,"2":0}', ITEMS, YES_NO)).toEqual([[1], [0]]);
  expect(integers('{"1": true, "2": false}', ITEMS, YES_NO)).toEqual([[1], [0]]);
  expect(integers("[1, 0]", ITEMS, YES_NO)).toEqual([[1], [0]]);
  expect(integers('{"1":[1],"2":2}', ITEMS, YES_NO)).toEqual([[1], null]);
});

test("a single integer has to stand under its key", () => {
  const slot = [{ key: "intruder", count: null }];
  const bounds = { lowest: 1, highest: 5 };
  expect(integers('Text [2] differs. {"intruder": 4}', slot, bounds)).toEqual([[4]]);
  expect(integers("[2]", slot, bounds)).toEqual([null]);
  expect(integers('{"intruder": 0}', slot, bounds)).toEqual([null]);
});

test("JSON is found one after the other, and broken pieces are passed over", () => {
  expect([...jsonIn('a [1] {b} {"c":"]"} [tru')].map(({ kind }) => kind)).toEqual([
    "array",
    "object",
    "array",
  ]);
});

describe("expected values", () => {
  const top = (values: Record<string, number>) =>
    Object.entries(values).map(([token, p]) => ({ token, logprob: Math.log(p) }));
  const slot: Slot[] = [{ key: "1", count: 2 }];
  /** The tokens of {"1":[3,0]}, the one of 3 as given. */
  const answer = (token: string, values: Record<string, number>) => {
    const rest = '{"1":[3,0]}'.split(token);
    const tokens = [
      { token: rest[0]!, top: [] },
      { token, top: top(values) },
      { token: rest[1]!, top: [] },
    ];
    return { text: '{"1":[3,0]}', tokens };
  };

  test.each([
    ["3", { "3": 0.6, "4": 0.2, " 5": 0.1, " the": 0.1 }],
    ["[3", { "[3": 0.6, "[4": 0.2, "5": 0.1, "[": 0.1 }],
    [":[3", { ":[3": 0.6, ":[4": 0.2, ":[5": 0.1, ":[{": 0.1 }],
    ["3,", { "3,": 0.6, "4,": 0.2, "5]": 0.1, "34": 0.1 }],
    ['":[3', { '":[3': 0.6, '":[4': 0.2, "5": 0.1, '"6': 0.1 }],
  ])("written as %j, the value is that of the alternatives that are one", (token, values) => {
    const [read] = readNumbers(answer(token, values), slot, TO_9, true);
    expect(read![0]!.expected).toBeCloseTo((3 * 0.6 + 4 * 0.2 + 5 * 0.1) / 0.9, 12);
    expect(read![0]!.kept).toBeCloseTo(0.9, 12);
    expect(read![0]!.integer).toBe(3);
    // No alternatives: the integer.
    expect(read![1]).toEqual({ integer: 0, expected: null, kept: null });
  });

  test.each(["3,0", "[3,0]", '1":[3,0'])("%j has more than the value in it", (token) => {
    const [read] = readNumbers(answer(token, { [token]: 0.9 }), slot, TO_9, true);
    expect(read![0]).toEqual({ integer: 3, expected: null, kept: null });
  });

  test("spaces", () => {
    const tokens = [
      { token: '{"1":', top: [] },
      { token: " [", top: [] },
      { token: "3", top: top({ "3": 0.5, "2": 0.5 }) },
      { token: ",", top: [] },
      { token: " 0", top: top({ " 0": 0.75, " 1": 0.25 }) },
      { token: "]}", top: [] },
    ];
    const text = tokens.map(({ token }) => token).join("");
    const [read] = readNumbers({ text, tokens }, slot, TO_9, true);
    expect(read!.map(({ expected }) => expected)).toEqual([2.5, 0.25]);
    expect(readNumbers({ text, tokens }, slot, TO_9, false)[0]![0]!.expected).toBeNull();
  });

  test("what is beyond the scale does not count", () => {
    const [read] = readNumbers(answer("3", { "3": 0.5, "4": 0.5 }), slot, { lowest: 0, highest: 3 }, true);
    expect(read![0]).toMatchObject({ expected: 3, kept: 0.5 });
  });

  test("reasoning before the answer's text is passed over, other tokens than the text's are not used", () => {
    const { text, tokens } = answer("3", { "3": 0.5, "2": 0.5 });
    const thought = { token: "thinking 1 2 3\n", top: [] };
    expect(
      readNumbers({ text, tokens: [thought, ...tokens] }, slot, TO_9, true)[0]![0]!.expected,
    ).toBeCloseTo(2.5, 12);
    expect(readNumbers({ text: `${text}!`, tokens }, slot, TO_9, true)[0]![0]!.expected).toBeNull();
  });

  test("truth values", () => {
    const tokens = [
      { token: '{"1":', top: [] },
      { token: " true", top: top({ " true": 0.6, " false": 0.2, " null": 0.2 }) },
      { token: "}", top: [] },
    ];
    const text = '{"1": true}';
    const [read] = readNumbers({ text, tokens }, [{ key: "1", count: null }], YES_NO, true);
    expect(read![0]!.expected).toBeCloseTo(0.75, 12);
    expect(read![0]!.kept).toBeCloseTo(0.8, 12);
  });
});
