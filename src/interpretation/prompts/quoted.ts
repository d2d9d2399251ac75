/**
 * Untrusted text in prompts. Tokens and explanations stand in them as JSON strings and nowhere else: a quotation mark, a line break or a
 * tab within one is written as an escape, so none of them can end the string, open a new line, or look like the tab before a value.
 * Beyond what JSON has to escape, these are written as escapes too:
 *
 *     <|…, <s>, </s>, …      what chat templates put between messages, and tokenizers may take for that
 *     bidirectional marks, line separators, unused controls, lone surrogates
 *                            what makes a log or a terminal show another order of lines or words than there is
 *
 * All of it is still JSON: parsing gives back the text. A whole text with marked tokens is one string in which << opens and >> closes a
 * mark; signs of the text itself that could be taken for these are written \u003c and \u003e.
 */

const INVISIBLE =
  /[\u007f-\u009f\u00ad\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/** How messages begin and end for the tokenizers of common chat models. */
const TEMPLATE =
  /<(?=[|｜]|\/?(?:s|bos|eos|pad|unk|mask|sep|cls|start_of_turn|end_of_turn|think|tool_call|im_start|im_end)>)/g;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text as a JSON string that nothing can break out of. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(INVISIBLE, escaped).replace(TEMPLATE, escaped);
}

/** Several, with something between them. */
export function quotedList(texts: readonly string[], separator = " "): string {
  return texts.map(quoted).join(separator);
}

/** A text as one JSON string, runs of marked tokens between << and >>. */
export function quotedWithMarks(texts: readonly string[], marked: readonly number[]): string {
  const isMarked = new Set(marked);
  let inner = "";
  for (let at = 0; at < texts.length;) {
    const mark = isMarked.has(at);
    let end = at + 1;
    while (end < texts.length && isMarked.has(end) === mark) end++;
    const run = withoutMarks(quoted(texts.slice(at, end).join("")).slice(1, -1));
    inner += mark ? `<<${run}>>` : run;
    at = end;
  }
  return `"${inner}"`;
}

/** Signs side by side, and those at either end, which a mark may follow. */
function withoutMarks(run: string): string {
  return run.replace(/^[<>]+|[<>]+$|[<>]{2,}/g, (signs) => signs.replace(/[<>]/g, escaped));
}
