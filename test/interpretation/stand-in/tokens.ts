/**
 * The tokens of the stand-in's model: words with the space before them, numbers, single marks. Real tokenizers join a number with what
 * stands before it in different ways, and readers of probabilities have to cope with each; so the way is a setting.
 */

/** How a number in an answer is a token: "3", " 3", ",3" or "[3" (the last joins either mark). */
export const NUMBER_STYLES = ["bare", "space", "comma", "bracket"] as const;
export type NumberStyle = (typeof NUMBER_STYLES)[number];

/** Marks that a number takes in. */
const TAKEN: Readonly<Record<NumberStyle, RegExp>> = {
  bare: /(?!)/,
  space: /^ $/,
  comma: /^,$/,
  bracket: /^[[,]$/,
};

const WORDS = /\r?\n|\t|\d+| ?\p{L}+|[\s\S]/gu;

/** Tokens that are likely anywhere: what fills the lists of alternatives. */
export const PRINTABLE: readonly string[] =
  " the| a| of|,|.|\n|\t| and| to| in| is| that| it| was| for| on| are| as| with| be| at| this| have| from| or| one".split(
    "|",
  );

/** The text in tokens, which put together are the text. With `digits` "single", no token has more than one digit. */
export function tokensOf(
  text: string,
  style: NumberStyle = "bare",
  digits: "whole" | "single" = "whole",
): string[] {
  const tokens: string[] = [];
  for (const [piece] of text.matchAll(WORDS)) {
    if (!/^\d/.test(piece)) {
      tokens.push(piece);
      continue;
    }
    const parts = digits === "single" ? [...piece] : [piece];
    const before = tokens.at(-1);
    const taken = before !== undefined && TAKEN[style].test(before) ? tokens.pop()! : "";
    tokens.push(taken + parts[0]!, ...parts.slice(1));
  }
  return tokens;
}

/** What a chat costs: its texts, and four tokens around each message. */
export function inputTokens(messages: readonly { readonly content: string }[]): number {
  return messages.reduce((sum, { content }) => sum + tokensOf(content).length + 4, 0);
}
