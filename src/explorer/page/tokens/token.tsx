/** One token, outside and inside of a text. */

import type { ComponentChildren } from "preact";
import { type Piece, piecesOf, plainToken } from "./token-text.ts";

export interface Showing {
  /** Whether spaces at the ends are seen. */
  readonly edges?: boolean;
  /** Whether line breaks break the line. */
  readonly breaks?: boolean;
  /** What is shown instead of the token's own text. */
  readonly pieces?: readonly Piece[] | undefined;
}

/** What is shown of a token: plain text where it can be. A function, not a component: pages have thousands of tokens. */
export function tokenContent(
  token: string,
  { edges = false, breaks = false, pieces }: Showing = {},
): ComponentChildren {
  const shown = pieces ?? piecesOf(token, edges);
  const [first] = shown;
  if (shown.length === 1 && first!.kind === "text") return first!.text;
  return shown.map(({ kind, text }, at) => {
    if (kind === "text") return text;
    if (kind === "break" && breaks)
      return [...text].map((sign, line) => (
        <i key={`${at}.${line}`} class="piece break">
          {sign}
          <br />
        </i>
      ));
    return (
      <i key={at} class={`piece ${kind}`}>
        {text}
      </i>
    );
  });
}

/** The same as an element. */
export function TokenText({ token, ...showing }: Showing & { readonly token: string }) {
  return <>{tokenContent(token, showing)}</>;
}

/** A token by itself, as in a list: framed, so that its ends are seen. */
export function TokenChip({ token, title }: { token: string; title?: string }) {
  return (
    <span class="chip" title={title ?? plainToken(token)}>
      {tokenContent(token, { edges: true })}
    </span>
  );
}
