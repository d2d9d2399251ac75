/** A few words on a unit, which may be tokens: whatever cannot be seen in them is escaped. */

import { plainText } from "./token-text.ts";

export function Words({ words }: { words: string }) {
  return <bdi>{plainText(words)}</bdi>;
}
