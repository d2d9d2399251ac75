/** Every command, in the order in which the help lists them. */

import type { Command } from "./command.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { compareCommand } from "./commands/compare.ts";
import { effectsCommand } from "./commands/effects.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { explainCommand } from "./commands/explain.ts";
import { featuresCommand } from "./commands/features.ts";
import { exploreCommand } from "./commands/explore.ts";
import { exportCommand } from "./commands/export.ts";
import { forwardCommand } from "./commands/forward.ts";
import { pretrainCommand } from "./commands/pretrain.ts";
import { reportCommand } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";
import { retryCommand } from "./commands/retry.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { trainCommand } from "./commands/train.ts";
import { workCommand } from "./commands/work.ts";

export const COMMANDS: readonly Command[] = [
  runCommand,
  trainCommand,
  pretrainCommand,
  evaluateCommand,
  featuresCommand,
  effectsCommand,
  explainCommand,
  exploreCommand,
  exportCommand,
  compareCommand,
  reportCommand,
  forwardCommand,
  sweepCommand,
  statusCommand,
  resumeCommand,
  cancelCommand,
  retryCommand,
  workCommand,
];
