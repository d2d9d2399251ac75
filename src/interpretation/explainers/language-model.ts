/**
 * Explanations by a language model, from the examples that a protocol draws:
 *
 *     bills-2023     records with an integer for each token; where less than a fifth is above 0, those above 0 once more (Bills et al. 2023)
 *     bricken-2023   49 examples under the names of their intervals, and logit weights (Bricken et al. 2023)
 *     others         texts with their active tokens marked, and how strongly these are active (Paulo et al. 2024)
 *
 * One sentence comes back. An answer that is none, because it is empty, refuses, or was cut, is asked for once more in other words.
 */

import {
  type ChatAnswer,
  type ChatMessage,
  type Endpoint,
  RequestFailed,
  type Usage,
} from "../endpoint/endpoint.ts";
import { type Excerpt, type Passage, sequenceOf } from "../evidence/passage.ts";
import { quoted, quotedList, quotedWithMarks } from "../prompts/quoted.ts";
import type { PromptName, Prompts } from "../prompts/prompts.ts";
import type { Explaining } from "../protocols/protocol.ts";
import type { ProtocolName } from "../protocols/task.ts";

/** A sentence of 25 words has about 40 tokens. */
export const LONGEST_EXPLANATION = 120;

/** Repeated without zeros when less than this share of integers is above 0. */
const SPARSE = 0.2;

/** Marked where it is above this share of the highest, and listed so often at most in one text. */
const MARKED = 0.3;
const MOST_LISTED = 11;

export interface ModelExplanation {
  /** One sentence, without a full stop. */
  readonly text: string;
  /** SHA-256 by name of file. */
  readonly promptHashes: Readonly<Record<string, string>>;
  readonly usage: Usage;
  /** Whether it was asked for a second time. */
  readonly again: boolean;
}

/** @throws RequestFailed for a request without an answer, and when two answers were no explanation; BudgetSpent */
export async function explainWithModel(
  endpoint: Endpoint,
  prompts: Prompts,
  { passage, explaining }: { readonly passage: Passage; readonly explaining: Explaining },
  protocol: ProtocolName,
  signal?: AbortSignal,
): Promise<ModelExplanation> {
  const messages = explainingMessages(prompts, passage, explaining, protocol);
  const maxTokens = LONGEST_EXPLANATION;
  const first = await endpoint.chat({ messages, maxTokens }, signal);
  const name = promptFor(protocol);
  let text = sentenceOf(first);
  if (text !== undefined)
    return { text, promptHashes: prompts.hashes([name]), usage: first.usage, again: false };

  const said: ChatMessage[] = first.text === "" ? [] : [{ role: "assistant", content: first.text }];
  const wording = [...messages, ...said, ...prompts.messages("explain-again", {})];
  const second = await endpoint.chat({ messages: wording, maxTokens }, signal);
  text = sentenceOf(second);
  if (text === undefined)
    throw new RequestFailed(
      `${endpoint.model} gave no explanation, asked twice: ${second.refusal === null ? "the answer is empty, cut, or a refusal" : "it refuses"}; the unit is counted as failed`,
    );
  return {
    text,
    promptHashes: prompts.hashes([name, "explain-again"]),
    usage: {
      inputTokens: first.usage.inputTokens + second.usage.inputTokens,
      outputTokens: first.usage.outputTokens + second.usage.outputTokens,
    },
    again: true,
  };
}

export function promptFor(protocol: ProtocolName): PromptName & `explain-${string}` {
  if (protocol === "bills-2023") return "explain-bills";
  return protocol === "bricken-2023" ? "explain-bricken" : "explain-delphi";
}

/** What is asked of the model, as it is sent. */
export function explainingMessages(
  prompts: Prompts,
  passage: Passage,
  explaining: Explaining,
  protocol: ProtocolName,
): ChatMessage[] {
  const shown = explaining.excerpts.map((excerpt, i) => ({
    excerpt,
    texts: sequenceOf(passage, excerpt).texts,
    values: explaining.quantised[i]!,
  }));
  const scale = String(explaining.scale);
  switch (promptFor(protocol)) {
    case "explain-bills":
      return prompts.messages("explain-bills", { scale, excerpts: records(shown) });
    case "explain-bricken": {
      const list = (tokens: readonly number[] | undefined) =>
        tokens === undefined || tokens.length === 0 ? "not known" : quotedList(tokens.map(passage.tokenText));
      return prompts.messages("explain-bricken", {
        scale,
        examples: byInterval(shown),
        promoted: list(explaining.logits?.top),
        suppressed: list(explaining.logits?.bottom),
      });
    }
    default:
      return prompts.messages("explain-delphi", { scale, examples: withMarks(shown, explaining.scale) });
  }
}

interface Shown {
  readonly excerpt: Excerpt;
  readonly texts: readonly string[];
  readonly values: readonly number[];
}

function records(shown: readonly Shown[]): string {
  const block = (keep: (value: number) => boolean) =>
    shown
      .map(({ texts, values }, i) =>
        [
          `excerpt ${i + 1} begins`,
          ...texts.flatMap((text, at) => (keep(values[at]!) ? [`${quoted(text)}\t${values[at]}`] : [])),
          `excerpt ${i + 1} ends`,
        ].join("\n"),
      )
      .join("\n");
  const all = shown.flatMap(({ values }) => values);
  const active = all.filter((value) => value > 0).length;
  const whole = block(() => true);
  return active > 0 && active < SPARSE * all.length
    ? `${whole}\n\nOnly the tokens above 0:\n\n${block((value) => value > 0)}`
    : whole;
}

/** The strongest interval first, then what is not from an interval. */
function byInterval(shown: readonly Shown[]): string {
  const intervals = Math.max(0, ...shown.map(({ excerpt }) => (excerpt.interval ?? -1) + 1));
  const headingOf = ({ excerpt: { group, interval } }: Shown): readonly [order: number, heading: string] => {
    if (group === "elsewhere") return [1, "Its strongest tokens in other places:"];
    if (group === "random") return [2, "Text at random:"];
    if (interval === null) return [-intervals, "Where it is strongest:"];
    const end = interval === intervals - 1 ? ", the strongest" : interval === 0 ? ", the weakest" : "";
    return [-interval, `Interval ${interval + 1} of ${intervals}${end}:`];
  };
  const groups = new Map<string, { readonly order: number; readonly lines: string[] }>();
  for (const one of shown) {
    const [order, heading] = headingOf(one);
    if (!groups.has(heading)) groups.set(heading, { order, lines: [] });
    groups.get(heading)!.lines.push(one.texts.map((text, i) => `${quoted(text)}=${one.values[i]}`).join(" "));
  }
  return [...groups]
    .sort(([, a], [, b]) => a.order - b.order)
    .map(([heading, { lines }]) => [heading, ...lines].join("\n"))
    .join("\n");
}

function withMarks(shown: readonly Shown[], scale: number): string {
  return shown
    .map(({ texts, values }, i) => {
      const marked = values.flatMap((value, at) => (value > MARKED * scale ? [at] : []));
      const listed = marked
        .toSorted((a, b) => values[b]! - values[a]! || a - b)
        .slice(0, MOST_LISTED)
        .sort((a, b) => a - b);
      const active = listed.map((at) => `${quoted(texts[at]!)}=${values[at]}`).join(" ");
      const text = `${i + 1}\t${quotedWithMarks(texts, marked)}`;
      return active === "" ? text : `${text}\n\t${active}`;
    })
    .join("\n");
}

/** How models say that they do not want to. */
const REFUSES =
  /^(?:i['’]?m sorry|i am sorry|sorry,? (?:but )?i\b|i can(?:no|['’])t\b|i am (?:un|not )able|i['’]m (?:un|not )able|i won['’]t|as an ai\b|i must decline)/i;

const PREFIX =
  /^(?:[*_#>\-\s]*(?:the\s+)?(?:explanation|description|answer|summary|one sentence)\b[*_]*\s*[:–—-][*_]*\s*)/i;
const QUOTES = /^(["'`“”‘’*_«])(.*)(["'`“”‘’*_»])$/su;

/** The sentence of an answer, bare; undefined when there is none. */
export function sentenceOf({
  text,
  refusal,
  finish,
}: Pick<ChatAnswer, "text" | "refusal" | "finish">): string | undefined {
  if (refusal !== null || finish === "filter") return undefined;
  // Some models put their reasoning into the answer; where it is not closed there is nothing but reasoning.
  const said = text.replace(/<think>.*?<\/think>/gs, "").replace(/<think>.*$/s, "");
  const lines = said
    .split(/\r?\n/)
    .map((line) => bare(line))
    .filter((line) => line !== "");
  let sentence = lines[0];
  if (sentence === undefined) return undefined;
  if (finish === "length" && lines.length === 1) {
    const whole = /^.*[\p{L}\p{N})"'”][.!?](?=\s)/su.exec(sentence)?.[0];
    if (whole === undefined) return undefined;
    sentence = bare(whole);
  }
  return REFUSES.test(sentence) ? undefined : sentence;
}

function bare(line: string): string {
  let sentence = line.trim();
  for (let before = ""; before !== sentence;) {
    before = sentence;
    sentence = sentence.replace(PREFIX, "").trim();
    const inner = QUOTES.exec(sentence);
    if (inner !== null && !inner[2]!.includes(inner[1]!) && !inner[2]!.includes(inner[3]!))
      sentence = inner[2]!.trim();
    if (!/\.{2,}$|\b(?:etc|e\.g|i\.e)\.$/.test(sentence)) sentence = sentence.replace(/\.$/, "").trim();
  }
  return /^[\p{P}\p{S}\s]*$/u.test(sentence) ? "" : sentence;
}
