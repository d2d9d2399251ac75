/** One token, outside and inside of a text. */

import type { ComponentChildren } from "preact";
import { piecesOf, plainToken } from "./token-text.ts";

/** What is shown of a token: plain text where it can be. A function, not a component: pages have thousands of tokens. */
export function tokenContent(token: string, edges = false): ComponentChildren {
  const pieces = piecesOf(token, edges);
  const [first] = pieces;
  if (pieces.length === 1 && first!.kind === "text") return first!.text;
  return pieces.map(({ kind, text }, at) =>
    kind === "text" ? (
      text
    ) : (
      <i key={at} class={`piece ${kind}`}>
        {text}
      </i>
    ),
  );
}

/** A token by itself, as in a list: framed, so that its ends are seen. */
export function TokenChip({ token, title }: { token: string; title?: string }) {
  return (
    <span class="chip" title={title ?? plainToken(token)}>
      {tokenContent(token, true)}
    </span>
  );
}
