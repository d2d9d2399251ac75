/** The explainers that need no language model, by name. */

import type { OfflineExplainer, OfflineExplainerName } from "./explainer.ts";
import { n2g } from "./n2g.ts";
import { nextToken } from "./next-token.ts";
import { previousToken } from "./previous-token.ts";
import { rule } from "./rule.ts";
import { tokenLookup } from "./token-lookup.ts";

export const OFFLINE: Readonly<Record<OfflineExplainerName, OfflineExplainer>> = {
  "token-lookup": tokenLookup,
  "previous-token": previousToken,
  n2g,
  rule,
  "next-token": nextToken,
};
