/** A process that waits for its interruption signal, then takes a moment to put its work away. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Interruption, interruptionSignal } from "../../src/cli/interruption.ts";

const signal = interruptionSignal((line) => process.stdout.write(line + "\n"));
process.stdout.write("waiting\n");
while (!signal.aborted) await sleep(10);
const putAway = Number(process.argv[2]);
await sleep(putAway);
process.stdout.write(`saved, ${(signal.reason as Interruption).message}\n`);
process.exit((signal.reason as Interruption).exitCode);
