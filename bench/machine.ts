/** The machine a number was measured on, without which the number means little. */

import { readFileSync } from "node:fs";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import ort from "onnxruntime-node/package.json" with { type: "json" };

/** Instruction sets that decide how fast matrix products can be. */
const VECTOR_FLAGS =
  /^(avx2|fma|avx512f|avx512_bf16|avx512_vnni|avx512_fp16|amx_tile|amx_bf16|amx_int8|asimd|sve2?)$/;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly vector: string[];
  readonly memoryGB: number;
  readonly system: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** Load of the last minute before the measurement: other work makes every number too low. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    vector: vectorFlags(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    onnxruntime: ort.version,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

function vectorFlags(): string[] {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
    return line.split(/\s+/).filter((flag) => VECTOR_FLAGS.test(flag));
  } catch {
    return [];
  }
}
