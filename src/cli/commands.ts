/** Every command, in the order in which the help lists them. */

import type { Command } from "./command.ts";
import { forwardCommand } from "./commands/forward.ts";

export const COMMANDS: readonly Command[] = [forwardCommand];
