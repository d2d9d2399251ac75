/** Addresses: what is written is read back. */

import { describe, expect, test } from "vitest";
import { formatRoute, parseRoute, type Route, withQuery } from "../../../src/explorer/page/shell/route.ts";

const parse = (address: string) => {
  const [path = "", search = ""] = address.split(/\?(.*)/s);
  return parseRoute(path, search);
};

const routes: Route[] = [
  { page: "features", run: null, sae: null, study: null, unit: null, query: {} },
  {
    page: "features",
    run: "one-layer",
    sae: "x8",
    study: null,
    unit: null,
    query: { q: "a&b=c #%", sort: "max" },
  },
  {
    page: "unit",
    run: "a/b",
    sae: "λ 0.2?",
    study: null,
    unit: { kind: "feature", index: 98303 },
    query: { at: "top.train.1.2" },
  },
  { page: "unit", run: "100%", sae: "..", study: null, unit: { kind: "neuron", index: 0 }, query: {} },
  { page: "text", run: "r", sae: "s", study: null, unit: null, query: { text: "<script>\n\u200b" } },
  { page: "run", run: "r", sae: null, study: null, unit: null, query: {} },
  {
    page: "meaning",
    run: "r",
    sae: "s",
    study: null,
    unit: null,
    query: { of: "offline", split: "single-token" },
  },
  { page: "study", run: null, sae: null, study: "a/b %", unit: null, query: { pick: "a*b", x: "l0" } },
  { page: "study", run: null, sae: null, study: null, unit: null, query: {} },
  { page: "rate", run: "r", sae: "s", study: null, unit: null, query: { rater: "Ada L." } },
];

describe("an address", () => {
  test.each(routes)("is read as it was written: $page $run", (route) => {
    expect(parse(formatRoute(route))).toEqual(route);
  });

  test("of nothing is the list", () => {
    expect(parse("").page).toBe("features");
    expect(parse("/").page).toBe("features");
    expect(parse("/index.html").page).toBe("features");
  });

  test.each([
    "/nowhere",
    "/feature/r/s",
    "/feature/r/s/x",
    "/feature/r/s/-1",
    "/feature/r/s/1/2",
    "/text/r/s/t",
    "/study/s/x",
    "/__proto__",
  ])("%s is no page", (address) => {
    expect(parse(address).page).toBe("unknown");
  });

  test("with a % that starts no escape can be read", () => {
    expect(parse("/features/50%/s").run).toBe("50%");
  });
});

test("parameters are set and taken out, empty ones are not written", () => {
  const route = parse("/features/r/s?q=a&sort=max");
  expect(formatRoute(withQuery(route, { q: null, row: "3" }))).toBe("/features/r/s?sort=max&row=3");
  expect(formatRoute(withQuery(route, { q: "" }))).toBe("/features/r/s?sort=max");
});
