import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/errors.ts";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { headerLength, parseHeader, PREFIX_BYTES } from "../../src/files/safetensors-header.ts";
import { writeSafetensors } from "../../src/files/safetensors-write.ts";
import { Random } from "../../src/random.ts";

const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "model.safetensors");

/** A file of `header`, given as JSON or as an object, and `data`; `length` lies about the header's when given. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([prefix, json, data]));
  return path;
}

function tensor(dtype: string, shape: unknown, begin: unknown, end: unknown) {
  return { dtype, shape, data_offsets: [begin, end] };
}

function bytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** What `action` throws, if it does. */
function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The one sentence with which opening the file ends. */
function complaint(path: string): string {
  const error = thrownBy(() => openSafetensors(path).close()) as Failure;
  expect(error).toBeInstanceOf(Failure);
  expect(error.message).toContain(path);
  expect(error.message).not.toContain("\n");
  return error.message;
}

describe("reading", () => {
  it("gives every float type as float32 on shared memory", () => {
    const values = [0, -0, 1.5, -2.25, 65504, 2 ** -24, Infinity, -Infinity];
    const f16 = new Float16Array(values);
    const bf16 = Uint16Array.of(0, 0x8000, 0x3fc0, 0xc010, 0x477f, 0x3380, 0x7f80, 0xff80);
    const f32 = new Float32Array(values);
    const f64 = new Float64Array(values);
    const data = Buffer.concat([f16, bf16, f32, f64].map(bytes));
    const opened = openSafetensors(
      file(
        {
          __metadata__: { format: "pt" },
          f64: tensor("F64", [8], 64, 128),
          half: tensor("F16", [2, 4], 0, 16),
          bf16: tensor("BF16", [8], 16, 32),
          f32: tensor("F32", [8, 1], 32, 64),
        },
        data,
      ),
    );
    expect(opened.names).toEqual(["half", "bf16", "f32", "f64"]);
    expect(opened.metadata).toEqual({ format: "pt" });
    expect(opened.info("half")).toMatchObject({ dtype: "F16", shape: [2, 4] });
    for (const name of ["half", "f32", "f64"]) expect([...opened.readFloats(name)]).toEqual(values);
    expect([...opened.readFloats("bf16")]).toEqual([0, -0, 1.5, -2.25, 65280, 2 ** -24, Infinity, -Infinity]);
    expect(opened.readFloats("f32").buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(opened.readFloats("half").buffer).toBeInstanceOf(SharedArrayBuffer);
    opened.close();
  });

  it("gives every integer type as int32 and refuses what does not fit", () => {
    const data = Buffer.concat(
      [
        BigInt64Array.of(-5n, 2147483647n),
        BigInt64Array.of(2147483648n, 0n),
        Int32Array.of(-7, 7),
        Uint32Array.of(4294967295, 1),
        Int16Array.of(-9, 9),
        Uint8Array.of(0, 1),
      ].map(bytes),
    );
    const opened = openSafetensors(
      file(
        {
          i64: tensor("I64", [2], 0, 16),
          big: tensor("I64", [2], 16, 32),
          i32: tensor("I32", [2], 32, 40),
          u32: tensor("U32", [2], 40, 48),
          i16: tensor("I16", [2], 48, 52),
          bool: tensor("BOOL", [2], 52, 54),
        },
        data,
      ),
    );
    expect([...opened.readInts("i64")]).toEqual([-5, 2147483647]);
    expect([...opened.readInts("i32")]).toEqual([-7, 7]);
    expect([...opened.readInts("i16")]).toEqual([-9, 9]);
    expect([...opened.readInts("bool")]).toEqual([0, 1]);
    expect(() => opened.readInts("big")).toThrow(/"big".*2147483648/);
    expect(() => opened.readInts("u32")).toThrow(/4294967295/);
    expect(() => opened.readFloats("i32")).toThrow(/"i32".*type I32, expected floating-point/);
    expect(() => opened.readFloats("nowhere")).toThrow(/no tensor "nowhere"/);
    opened.close();
  });

  it("takes scalars, zero-size tensors and an empty file of tensors", () => {
    const opened = openSafetensors(
      file(
        {
          none: tensor("F32", [0, 5], 0, 0),
          scalar: tensor("F32", [], 0, 4),
          huge: tensor("F16", [0, 2 ** 50, 2 ** 50], 4, 4),
        },
        bytes(Float32Array.of(3)),
      ),
    );
    expect([...opened.readFloats("none")]).toEqual([]);
    expect([...opened.readFloats("huge")]).toEqual([]);
    expect([...opened.readFloats("scalar")]).toEqual([3]);
    opened.close();
    expect(openSafetensors(file({})).names).toEqual([]);
  });

  it("reads a tensor longer than one chunk of conversion", () => {
    const size = (1 << 20) + 3;
    const data = new Float32Array(size).map((_, i) => (i % 2048) - 1024);
    for (const dtype of ["F16", "BF16"] as const) {
      writeSafetensors(path, { long: { dims: [size], data, dtype } });
      const read = openSafetensors(path).readFloats("long");
      const exact = dtype === "F16" ? data : data.map((x) => (Math.abs(x) <= 256 ? x : NaN));
      expect(read.findIndex((x, i) => x !== exact[i] && !Number.isNaN(exact[i]))).toBe(-1);
    }
  });

  it("notices a file that becomes shorter after it was opened", () => {
    writeSafetensors(path, { w: { dims: [100], data: new Float32Array(100) } });
    const opened = openSafetensors(path);
    truncateSync(path, statSync(path).size - 4);
    expect(() => opened.readFloats("w")).toThrow(Failure);
    opened.close();
  });
});

describe("malformed files end with one sentence", () => {
  const one = { w: tensor("F32", [2], 0, 8) };
  const eight = new Uint8Array(8);
  const cases: [string, () => string, RegExp][] = [
    ["missing", () => join(folder, "absent.safetensors"), /no such file/],
    ["a folder", () => folder, /not a file/],
    ["empty", () => (writeFileSync(path, ""), path), /it is empty/],
    ["shorter than its length field", () => (writeFileSync(path, "abc"), path), /3 bytes/],
    ["cut in the header", () => file('{"w":', eight, 100n), /claims 100 bytes, the file has 13/],
    ["a header length of 2^64 − 1", () => file("{}", eight, 2n ** 64n - 1n), /claims 18446744073709551615/],
    ["a header length that overflows a signed sum", () => file("{}", eight, 2n ** 63n - 8n), /claims/],
    ["garbage", () => (writeFileSync(path, "<!DOCTYPE html><p>404"), path), /claims/],
    ["a header that is not JSON", () => file("{nope", eight), /not JSON/],
    ["a header that is not UTF-8", () => file("{}", eight, 6n), /not JSON/],
    ["a list", () => file([]), /not an object/],
    ["a tensor that is not described", () => file({ w: 3 }), /"w" is not described/],
    ["metadata of numbers", () => file({ __metadata__: { a: 1 } }), /__metadata__/],
    ["an unknown type", () => file({ w: tensor("Q4", [2], 0, 8) }, eight), /"w" has type "Q4"/],
    ["a type from Object", () => file({ w: tensor("toString", [2], 0, 8) }, eight), /"toString"/],
    ["a negative dimension", () => file({ w: tensor("F32", [-2], 0, 8) }, eight), /shape of tensor "w"/],
    ["a fractional dimension", () => file({ w: tensor("F32", [0.5], 0, 8) }, eight), /shape of tensor/],
    ["a shape that overflows", () => file({ w: tensor("F32", [2 ** 40, 2 ** 40], 0, 8) }, eight), /2\^53/],
    [
      "a dimension of 2^64",
      () => file(`{"w":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}`, eight),
      /shape/,
    ],
    [
      "a shape too large for its bytes",
      () => file({ w: tensor("F32", [3], 0, 8) }, eight),
      /needs 12 bytes, .* give 8/,
    ],
    [
      "offsets of one number",
      () => file({ w: { dtype: "F32", shape: [2], data_offsets: [0] } }),
      /two whole/,
    ],
    ["negative offsets", () => file({ w: tensor("F32", [2], -8, 0) }, eight), /data_offsets/],
    ["offsets backwards", () => file({ w: tensor("F32", [2], 8, 0) }, eight), /before its first byte/],
    ["cut in the data", () => file(one, eight.subarray(1)), /ends at byte 8 .* has 7: it is cut short/],
    ["an end beyond 2^53", () => file({ w: tensor("F32", [2], 0, 1e300) }, eight), /data_offsets/],
    ["trailing bytes", () => file(one, new Uint8Array(11)), /3 bytes follow/],
    ["a gap", () => file({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [5], 3, 8) }, eight), /bytes 2 to 3/],
    [
      "an overlap",
      () => file({ a: tensor("U8", [5], 0, 5), b: tensor("U8", [4], 4, 8) }, eight),
      /"b" overlaps tensor "a"/,
    ],
    [
      "the same bytes twice",
      () => file({ a: tensor("U8", [8], 0, 8), b: tensor("U8", [8], 0, 8) }, eight),
      /overlaps/,
    ],
    [
      "one name twice",
      () => file(`{"w":${JSON.stringify(one.w)},"\\u0077":${JSON.stringify(one.w)}}`, eight),
      /"w" twice/,
    ],
  ];
  it.each(cases)("%s", (_, make, sentence) => {
    expect(complaint(make())).toMatch(sentence);
  });

  it("keeps hostile names on one short line", () => {
    const sentence = complaint(file({ [`\n\u001b[31m${"x".repeat(5000)}`]: 3 }));
    expect(sentence.length).toBeLessThan(600);
    expect(sentence).not.toContain("\u001b");
  });

  it("never throws anything but a Failure for a damaged header, and never holds more than the file", () => {
    const data = new Float32Array(40);
    writeSafetensors(path, {
      a: { dims: [4, 5], data: data.subarray(0, 20) },
      b: { dims: [10], data: data.subarray(0, 10), dtype: "F16" },
      c: { dims: [2, 2], data: Int32Array.of(1, 2, 3, 4) },
    });
    const good = readFileSync(path);
    const headerEnd = 8 + Number(good.readBigUInt64LE());
    const random = Random.of(1, "flips");
    const damaged = () => {
      const bad = Buffer.from(good);
      for (let flips = 1 + random.integer(3); flips > 0; flips--) {
        bad[random.integer(headerEnd)]! ^= 1 << random.integer(8);
      }
      return bad;
    };
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const bad = damaged();
      const error = thrownBy(() => {
        const length = headerLength("fuzz", bad, bad.length);
        const data = bad.length - PREFIX_BYTES - length;
        const header = parseHeader("fuzz", bad.subarray(PREFIX_BYTES, PREFIX_BYTES + length), data);
        for (const { begin, end } of header.tensors.values()) {
          if (begin < 0 || end > data) throw new Error(`bytes ${begin} to ${end} of ${data}`);
        }
      });
      if (error !== undefined) refused++;
      if (error !== undefined && !(error instanceof Failure)) throw error;
    }
    expect(refused).toBeGreaterThan(1000);
    for (let round = 0; round < 200; round++) {
      writeFileSync(path, damaged());
      const error = thrownBy(() => {
        const opened = openSafetensors(path);
        for (const name of opened.names) {
          const isFloat = opened.info(name).dtype.includes("F");
          const read = isFloat ? opened.readFloats(name) : opened.readInts(name);
          if (read.byteLength > 4 * good.length) throw new Error(`${name} takes ${read.byteLength} bytes`);
        }
        opened.close();
      });
      if (error !== undefined && !(error instanceof Failure)) throw error;
    }
  });
});

describe("writing", () => {
  const data = Float32Array.of(1, -2, 3.1415927, 65504, 1e-8, 0);

  it("gives back what was written, in every type", () => {
    writeSafetensors(
      path,
      {
        f32: { dims: [2, 3], data },
        f16: { dims: [6], data, dtype: "F16" },
        bf16: { dims: [6], data, dtype: "BF16" },
        f64: { dims: [2], data: Float64Array.of(Math.PI, -1) },
        i32: { dims: [2], data: Int32Array.of(-1, 2) },
        i64: { dims: [1], data: BigInt64Array.of(-3n) },
        u8: { dims: [3], data: Uint8Array.of(1, 2, 255) },
        shared: { dims: [1], data: new Float32Array(new SharedArrayBuffer(4)).fill(9) },
        none: { dims: [0, 4], data: new Float32Array(0) },
      },
      { b: "2", a: "1" },
    );
    const opened = openSafetensors(path);
    expect(opened.metadata).toEqual({ a: "1", b: "2" });
    expect(opened.info("f32")).toMatchObject({ dtype: "F32", shape: [2, 3] });
    expect([...opened.readFloats("f32")]).toEqual([...data]);
    expect([...opened.readFloats("f16")]).toEqual([...data].map(Math.f16round));
    expect([...opened.readFloats("bf16")]).toEqual([1, -2, 3.140625, 65536, 1.0011717677116394e-8, 0]);
    expect([...opened.readFloats("f64")]).toEqual([Math.fround(Math.PI), -1]);
    expect([...opened.readInts("i32")]).toEqual([-1, 2]);
    expect([...opened.readInts("i64")]).toEqual([-3]);
    expect([...opened.readInts("u8")]).toEqual([1, 2, 255]);
    expect([...opened.readFloats("shared")]).toEqual([9]);
    expect(opened.readFloats("none").length).toBe(0);
    opened.close();
  });

  it("writes the same bytes whatever the order of the tensors, every tensor aligned", () => {
    const a = { dims: [3], data: Uint8Array.of(1, 2, 3) };
    const b = { dims: [1], data: Float64Array.of(1) };
    const c = { dims: [6], data };
    writeSafetensors(path, { 7: a, b, c });
    const first = readFileSync(path);
    writeSafetensors(path, { c, b, 7: a });
    expect(readFileSync(path).equals(first)).toBe(true);
    expect((8 + Number(first.readBigUInt64LE())) % 8).toBe(0);
    expect(openSafetensors(path).names).toEqual(["b", "c", "7"]);
  });

  it("keeps NaN and infinities, rounds to even, and refuses to overflow float16", () => {
    const odd = Float32Array.of(NaN, Infinity, -Infinity, 1 + 2 ** -8, 1 + 3 * 2 ** -8);
    writeSafetensors(path, {
      h: { dims: [5], data: odd, dtype: "F16" },
      b: { dims: [5], data: odd, dtype: "BF16" },
    });
    const opened = openSafetensors(path);
    expect([...opened.readFloats("h").subarray(0, 3)]).toEqual([NaN, Infinity, -Infinity]);
    expect([...opened.readFloats("b")]).toEqual([NaN, Infinity, -Infinity, 1, 1 + 2 ** -6]);
    opened.close();
    const everyNaN = new Float32Array(Uint32Array.of(0x7fffffff, 0xffffffff, 0x7f800001).buffer);
    writeSafetensors(path, { b: { dims: [3], data: everyNaN, dtype: "BF16" } });
    expect([...openSafetensors(path).readFloats("b")]).toEqual([NaN, NaN, NaN]);
    const before = readFileSync(path);
    const large = { dims: [2], data: Float32Array.of(1, 70000), dtype: "F16" as const };
    expect(() => writeSafetensors(path, { large })).toThrow(/"large" holds 70000.*float32/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("names the file when it cannot be written", () => {
    const error = thrownBy(() => writeSafetensors(folder, {}));
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).toContain(folder);
  });
});
