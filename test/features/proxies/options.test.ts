import { describe, expect, test } from "vitest";
import { optionsOf } from "../../../src/cli/options.ts";
import { parseValue } from "../../../src/cli/values.ts";
import { PROXY_OPTIONS, openProxies } from "../../../src/features/proxies/options.ts";
import { unicodeScript } from "../../../src/features/proxies/scripts.ts";
import { splitOf, vocabulary } from "./vocabulary.ts";

const open = (...names: string[]) =>
  openProxies(names, vocabulary(["a"]), splitOf([[0, 1]])).map(({ name }) => name);

/** What the option says of a wrong value. */
function complaint(...names: string[]): string {
  const parsed = PROXY_OPTIONS.safeParse({ proxies: names });
  return parsed.success ? "" : parsed.error.issues[0]!.message;
}

describe("names of proxies", () => {
  test("the default, scripts by any capitals, none", () => {
    expect(open(...PROXY_OPTIONS.parse({}).proxies)).toEqual([
      "arabic",
      "hebrew",
      "hangul",
      "base64",
      "hex",
      "dna",
    ]);
    expect(open("script:greek", "script:Canadian Aboriginal", "script:Old_Permic")).toEqual([
      "script:Greek",
      "script:Canadian_Aboriginal",
      "script:Old_Permic",
    ]);
    expect(open("none")).toEqual([]);
    expect(open("regex:\\d{1,3}")).toEqual(["regex:\\d{1,3}"]);
  });

  test.each([
    ["regex:", /regex: has no pattern/],
    ["arabik", /"arabik" is no proxy; did you mean arabic\?/],
    ["greek", /did you mean script:Greek\?/],
    ["script:Greak", /script:Greak is no script of Unicode's; did you mean script:Greek/],
    ["script:}|a", /is no script/],
    ["script:", /is no script/],
    ["regex:(", /^regex:\( is no regular expression \(Unterminated group\): write one/],
    ["regex:\\p{Nonsense}", /is no regular expression/],
  ])("%s is refused in one sentence", (name, words) => {
    expect(complaint(name)).toMatch(words);
    expect(complaint(name)).not.toContain("\n");
  });

  test("the same one twice is refused, and none beside others", () => {
    expect(complaint("none", "arabic")).toMatch(/none is given beside other proxies/);
    expect(complaint("hebrew", "hebrew")).toBe("hebrew is given twice: keep one");
    expect(complaint("script:greek", "script:Greek")).toBe("script:Greek is given twice: keep one");
  });

  test("is an option that the command line can express, braces and all", () => {
    const [option] = optionsOf({ proxies: { title: "", schema: PROXY_OPTIONS } });
    expect(option).toMatchObject({ flag: "proxies", verbatim: true });
    expect(parseValue(option!, ["arabic,regex:a{2,3}b"])).toEqual(["arabic", "regex:a{2,3}b"]);
  });

  test("scripts are Unicode's", () => {
    const { has } = unicodeScript("Cyrillic");
    expect([..."Яя a1א"].map((char) => has(char.codePointAt(0)!))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
