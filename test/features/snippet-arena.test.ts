import { expect, test } from "vitest";
import { type Segment, type Snippet, SnippetArena } from "../../src/features/tally/snippet-arena.ts";
import { Random } from "../../src/random.ts";

const CONTEXT = 20;

test("records stay what they are while others come and go, and blocks are given back", () => {
  const random = Random.of(4, "arena");
  const arena = new SnippetArena(100);
  const owners = 60;
  const addresses = new Map<number, number>();
  const expected = new Map<number, Snippet>();
  let compacted = 0;
  for (let step = 0; step < 5000; step++) {
    // Nearly everything is freed in the last steps.
    const owner = random.integer(step < 4000 ? owners : 3);
    for (const other of step === 4000 ? [...addresses.keys()] : [owner]) {
      if (addresses.has(other)) arena.release(addresses.get(other)!);
      addresses.delete(other);
      expected.delete(other);
    }
    const { segment, snippet } = randomSegment(random);
    addresses.set(owner, arena.append(owner, segment, snippet.position, snippet.document, snippet.token));
    expected.set(owner, snippet);
    if (arena.wasteful) {
      compacted++;
      const seen = new Set<number>();
      arena.compact((moved, address) => {
        seen.add(moved);
        addresses.set(moved, address);
      });
      expect(seen).toEqual(new Set(expected.keys()));
      expect(arena.wasteful).toBe(false);
    }
    if (step % 50 === 0) {
      for (const [one, address] of addresses) {
        expect(address).toBeGreaterThan(0);
        expect(arena.read(address)).toEqual(expected.get(one));
        expect(arena.value(address)).toBe(expected.get(one)!.value);
      }
    }
  }
  expect(compacted).toBeGreaterThan(20);
  expect(arena.bytes).toBeLessThan(4 * 100 * 4);
});

test("a restored arena is the saved one", () => {
  const random = Random.of(5, "arena");
  const arena = new SnippetArena(100);
  const written = Array.from({ length: 30 }, (_, owner) => {
    const { segment, snippet } = randomSegment(random);
    return {
      address: arena.append(owner, segment, snippet.position, snippet.document, snippet.token),
      snippet,
    };
  });
  const saved = arena.save() as Record<string, { dims: number[]; data: Int32Array }>;
  expect(Object.keys(saved).length).toBeGreaterThan(2);
  const restored = new SnippetArena(100);
  restored.restore(structuredClone(saved));
  for (const { address, snippet } of written) expect(restored.read(address)).toEqual(snippet);
  arena.release(written[3]!.address);
  expect(() => arena.save()).toThrow("compacted");
});

/** Entries of which those before and behind belong to other contexts. */
function randomSegment(random: Random): { segment: Segment; snippet: Snippet } {
  const firstRow = CONTEXT * random.integer(5);
  const positions = Array.from({ length: CONTEXT }, (_, at) => at).filter(() => random.uniform() < 0.4);
  if (positions.length === 0) positions.push(7);
  const values = positions.map(() => Math.fround(random.uniform()));
  const from = random.integer(3);
  const chosen = random.integer(positions.length);
  const place = random.integer(1000) + (random.integer(2) === 1 ? 2 ** 31 : 0);
  return {
    segment: {
      rows: Uint32Array.from([...Array(from).fill(0), ...positions.map((at) => at + firstRow), 999]),
      values: Float32Array.from([...Array(from).fill(0), ...values, 5]),
      from,
      to: from + positions.length,
      firstRow,
      place,
    },
    snippet: {
      place,
      document: random.integer(100),
      token: random.integer(50_000),
      position: positions[chosen]!,
      value: values[chosen]!,
      positions,
      values,
    },
  };
}
