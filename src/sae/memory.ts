/** Shared WebAssembly memories, and handing out their addresses. */

import { totalmem } from "node:os";
import { OutOfMemory } from "../errors.ts";

/** What a WebAssembly memory can hold, less its first page, which belongs to the compiled module. */
export const MEMORY_BYTES = 65536 * 65536;
export const GIB = 2 ** 30;
const PAGE = 65536;
const ALIGNMENT = 64;

/** Hands out consecutive aligned pieces of a memory. */
export class Arena {
  #end = PAGE;

  take(bytes: number): number {
    const address = this.#end;
    this.#end = roundUp(address + bytes, ALIGNMENT);
    return address;
  }

  /** Bytes used, in whole pages. */
  get bytes(): number {
    return roundUp(this.#end, PAGE);
  }
}

/** @param bytes whole pages @throws Failure when the machine refuses it */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = bytes / PAGE;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new OutOfMemory(
      `the machine refused ${(bytes / 1e9).toFixed(1)} GB for a dictionary: train fewer or narrower ones at once`,
      { cause: error },
    );
  }
}

export function roundUp(size: number, step: number): number {
  return Math.ceil(size / step) * step;
}

/** Memory that this process can have: the machine's, or less where a container or a batch system sets a limit. */
export function machineBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
