/** Which proxies are wanted, as names on a command line, and the proxies that names stand for. */

import { z } from "zod";
import { nearest, UsageError } from "../../errors.ts";
import type { TokenSplit } from "../../text/shards.ts";
import { ALPHABETS, AlphabetProxy } from "./alphabet-proxy.ts";
import { CENSUS_TOKENS, takeCensus } from "./census.ts";
import { compilePattern, PatternProxy } from "./pattern-proxy.ts";
import type { Proxy } from "./proxy.ts";
import { ScriptProxy } from "./script-proxy.ts";
import { BUILT_IN_SCRIPTS, builtInScript, type InScript, unicodeScript } from "./scripts.ts";
import { Spelling, type Vocabulary } from "./spelling.ts";

/** Those of Bricken et al. 2023, and two beside them. */
export const BUILT_IN_PROXIES: readonly string[] = [...BUILT_IN_SCRIPTS, ...Object.keys(ALPHABETS)];

/** Each takes a few numbers for every unit. */
const MOST = 32;

export const PROXY_OPTIONS = z.object({
  proxies: z
    .array(z.string().min(1))
    .default([...BUILT_IN_PROXIES])
    .superRefine((names, { addIssue }) => {
      try {
        readNames(names);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        addIssue({ code: "custom", message: error.message });
      }
    })
    .describe(
      `contexts that every unit is compared with, by log-likelihood ratio: ${BUILT_IN_PROXIES.join(", ")}, script:NAME for any script ` +
        "of Unicode's (script:Greek), regex:PATTERN for tokens within a match (\\x2C for a comma); none for no comparison",
    )
    .meta({ placeholder: "NAME,…", verbatim: true }),
});

/** What a name stands for, before any text is read. */
type Wanted =
  | { readonly kind: "script"; readonly name: string; readonly has: InScript }
  | { readonly kind: "alphabet"; readonly name: string }
  | { readonly kind: "pattern"; readonly name: string; readonly pattern: RegExp };

/**
 * The proxies of these names, on the tokens of one tokenizer. Frequencies are counted on a sample of `split`.
 * @throws UsageError for a name, script or pattern that is none
 */
export function openProxies(
  names: readonly string[],
  vocabulary: Vocabulary,
  split: TokenSplit,
  censusTokens: number = CENSUS_TOKENS,
): Proxy[] {
  const wanted = readNames(names);
  if (wanted.length === 0) return [];
  const spelling = new Spelling(vocabulary);
  const scripts = wanted.filter((one) => one.kind === "script");
  const census = takeCensus(
    spelling,
    split,
    scripts.map(({ has }) => has),
    censusTokens,
  );
  return wanted.map((one) => {
    if (one.kind === "pattern") return new PatternProxy(one.name, one.pattern, spelling);
    if (one.kind === "alphabet") {
      return new AlphabetProxy(one.name, ALPHABETS[one.name]!, spelling, census.logProbability);
    }
    return new ScriptProxy(one.name, spelling, one.has, census.scripts[scripts.indexOf(one)]!);
  });
}

/** @throws UsageError for a name that stands for nothing, or that is given twice */
function readNames(names: readonly string[]): Wanted[] {
  if (names.length === 1 && names[0] === "none") return [];
  if (names.includes("none"))
    throw new UsageError("none is given beside other proxies: leave it out, or them");
  const wanted = names.map(readName);
  const twice = wanted.find(({ name }, i) => wanted.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw new UsageError(`${twice.name} is given twice: keep one`);
  if (wanted.length > MOST)
    throw new UsageError(`${wanted.length} proxies are given, at most ${MOST} can be`);
  return wanted;
}

function readName(name: string): Wanted {
  if (BUILT_IN_SCRIPTS.includes(name)) return { kind: "script", name, has: builtInScript(name) };
  if (Object.hasOwn(ALPHABETS, name)) return { kind: "alphabet", name };
  if (name.startsWith("script:")) {
    const script = unicodeScript(name.slice("script:".length));
    return { kind: "script", name: `script:${script.name}`, has: script.has };
  }
  if (name.startsWith("regex:")) {
    return { kind: "pattern", name, pattern: compilePattern(name.slice("regex:".length)) };
  }
  throw new UsageError(unknownName(name));
}

function unknownName(name: string): string {
  const [near] = nearest(name.toLowerCase(), BUILT_IN_PROXIES, 1);
  let asScript: string | undefined;
  try {
    asScript = `script:${unicodeScript(name).name}`;
  } catch {
    // No script of that name either.
  }
  return (
    `"${name}" is no proxy; did you mean ${asScript ?? near}? There are ${BUILT_IN_PROXIES.join(", ")}, script:NAME and regex:PATTERN ` +
    "(a comma separates names: within a pattern write \\x2C)"
  );
}
