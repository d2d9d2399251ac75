/** Checkpoints on a disk that forgets, and of other programs: what is not whole is named, and from where one can go on. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { openCheckpoint, saveCheckpoint } from "../../src/files/checkpoints.ts";

const home = mkdtempSync(join(tmpdir(), "monosemantic-checkpoints-"));
afterAll(() => rmSync(home, { recursive: true }));

const KIND = { format: 1, fingerprint: "these options", anew: "start a new run" };
const FILES = ["left.safetensors", "right.safetensors", "state.json"];

function save(folder: string, step: number): void {
  saveCheckpoint(folder, step, KIND, (write) => {
    write("left", { w: { dims: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => step + i) } });
    write("right", { counts: { dims: [4], data: Int32Array.of(step, 2, 3, 4) } });
    return { position: 10 * step };
  });
}

const three = join(home, "three");
[100, 200, 300].forEach((step) => save(three, step));

let copies = 0;
function copy(): string {
  const folder = join(home, `copy-${copies++}`);
  cpSync(three, folder, { recursive: true });
  return folder;
}

/** The sentence that opening ends with. */
function refusal(folder: string, kind = KIND): string {
  try {
    openCheckpoint(folder, kind);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return (error as Failure).message;
  }
  throw new Error("it was opened");
}

test("the newest comes back, and the one before it is kept", () => {
  const { step, state, tensors } = openCheckpoint<{ position: number }>(three, KIND)!;
  expect({ step, position: state.position }).toEqual({ step: 300, position: 3000 });
  expect(tensors("left")["w"]).toEqual({
    dims: [3, 5],
    data: Float32Array.from({ length: 15 }, (_, i) => 300 + i),
  });
  expect([...tensors("right")["counts"]!.data]).toEqual([300, 2, 3, 4]);
  expect(readdirSync(three).sort()).toEqual(["00000200", "00000300"]);
  expect(openCheckpoint(join(home, "nothing"), KIND)).toBeUndefined();
});

test("one that was never finished does not count, and goes with the next", () => {
  const folder = copy();
  mkdirSync(join(folder, "00000350"));
  writeFileSync(join(folder, "00000350", "left.safetensors"), "half");
  expect(openCheckpoint(folder, KIND)!.step).toBe(300);
  save(folder, 400);
  expect(readdirSync(folder).sort()).toEqual(["00000300", "00000400"]);
});

describe.each(FILES)("a flipped bit in %s", (file) => {
  const bytes = readFileSync(join(three, "00000300", file));
  const places = Array.from({ length: 12 }, (_, i) => Math.floor((i * (bytes.length - 1)) / 11));

  function flip(folder: string, step: string, at: number): void {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(join(folder, step, file), flipped);
  }

  test("is found wherever it is, and the good one before it is named", () => {
    const folder = copy();
    // White space between the parts of a state holds nothing: there a bit may change and everything still be said.
    const decisive = places.filter((at) => file !== "state.json" || bytes[at]! > 32);
    for (const at of decisive) {
      flip(folder, "00000300", at);
      expect(refusal(folder)).toBe(
        `checkpoint file ${join(folder, "00000300", file)} is missing or damaged (its checksum is not the recorded ` +
          `one); the one of step 200 before it is good: delete ${join(folder, "00000300")} to go on from there`,
      );
    }
    rmSync(join(folder, "00000300"), { recursive: true });
    expect(openCheckpoint(folder, KIND)!.step).toBe(200);
  });

  test("when the one before has one too, only a new start is left", () => {
    const folder = copy();
    flip(folder, "00000300", places[5]!);
    flip(folder, "00000200", places[5]!);
    expect(refusal(folder)).toMatch(/damaged .*; there is no good checkpoint before it: start a new run$/);
  });

  test("is found when the file is cut short or gone", () => {
    const folder = copy();
    truncateSync(join(folder, "00000300", file), bytes.length - 2);
    expect(refusal(folder)).toContain(`${file} is missing or damaged`);
    rmSync(join(folder, "00000300", file));
    // Without its last file it was never finished.
    if (file === "state.json") expect(openCheckpoint(folder, KIND)!.step).toBe(200);
    else expect(refusal(folder)).toContain(`${file} is missing or damaged`);
  });
});

test("another format is named, and the one before it, if that can be read", () => {
  const folder = copy();
  const path = join(folder, "00000300", "state.json");
  const { state } = JSON.parse(readFileSync(path, "utf8"));
  state.format = 2;
  const sha256 = createHash("sha256").update(JSON.stringify(state)).digest("hex");
  writeFileSync(path, JSON.stringify({ sha256, state }));
  expect(refusal(folder)).toBe(
    `${join(folder, "00000300")} is a checkpoint of format 2, this version reads format 1; the one of step 200 before ` +
      `it is good: delete ${join(folder, "00000300")} to go on from there`,
  );
  rmSync(join(folder, "00000200"), { recursive: true });
  expect(refusal(folder)).toMatch(/there is no good checkpoint before it: start a new run$/);
});

test("other options are refused, and nothing is lost", () => {
  expect(refusal(three, { ...KIND, fingerprint: "others" })).toMatch(
    /belongs to other options, .*: go on with the same ones, or start a new run$/,
  );
  expect(openCheckpoint(three, KIND)!.step).toBe(300);
});

test("one that cannot be written is removed, and those before it stand", () => {
  const folder = copy();
  const broken = () =>
    saveCheckpoint(folder, 400, KIND, (write) => {
      write("left", { w: { dims: [1], data: Float32Array.of(1) } });
      throw new Failure("the disk is full");
    });
  expect(broken).toThrow("the disk is full");
  expect(existsSync(join(folder, "00000400"))).toBe(false);
  expect(openCheckpoint(folder, KIND)!.step).toBe(300);
});
