/** The protocols by name. */

import { bills2023 } from "./bills-2023.ts";
import { bricken2023 } from "./bricken-2023.ts";
import { detection } from "./detection.ts";
import { fuzzing } from "./fuzzing.ts";
import { intruder } from "./intruder.ts";
import type { Protocol } from "./protocol.ts";
import type { ProtocolName } from "./task.ts";

export const PROTOCOLS: Readonly<Record<ProtocolName, Protocol>> = {
  "bricken-2023": bricken2023,
  "bills-2023": bills2023,
  detection,
  fuzzing,
  intruder,
};
