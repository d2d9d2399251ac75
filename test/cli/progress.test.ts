import { expect, test } from "vitest";
import { duration, quantity, ScreenProgress } from "../../src/cli/progress.ts";

function screenOf(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test("in a log: a line every five seconds with rate and time left", () => {
  const screen = screenOf(false);
  let now = 0;
  const phase = new ScreenProgress(screen, () => now).phase("train", 1_000_000, "tokens");
  for (let second = 1; second <= 20; second++) {
    now = second * 1000;
    phase.update(second * 10_000, "loss 1.5");
  }
  expect(screen.written).toHaveLength(4);
  expect(screen.written[0]).toBe("train: 5 %, 50k/1M tokens, 10k tokens/s, 1:35 left, loss 1.5\n");
  phase.end("loss 1.2");
  expect(screen.written.at(-1)).toBe(
    "train: done 200k tokens, in 20.0 s, 10k tokens/s, loss 1.2\n".replace("20.0 s", "0:20"),
  );
});

test("the time left follows a change of speed", () => {
  const screen = screenOf(false);
  let now = 0;
  const phase = new ScreenProgress(screen, () => now).phase("train", 10_000);
  let done = 0;
  for (let second = 1; second <= 60; second++) {
    now = second * 1000;
    phase.update((done += second <= 30 ? 10 : 100));
  }
  expect(screen.written.at(-1)).toContain("100/s, 1:07 left");
});

test("on a terminal: one line, redrawn at most ten times a second, never wider than the terminal", () => {
  const screen = screenOf(true, 40);
  let now = 0;
  const progress = new ScreenProgress(screen, () => now);
  const phase = progress.phase("train", 1000, "tokens");
  for (let i = 1; i <= 1000; i++) {
    now = i * 10;
    phase.update(i, "a long note that does not fit the terminal at all");
  }
  expect(screen.written.length).toBeLessThan(105);
  for (const text of screen.written) {
    expect(text.startsWith("\r\x1b[K")).toBe(true);
    expect(text).not.toContain("\n");
    expect(text.length - "\r\x1b[K".length).toBeLessThan(40);
  }
  progress.say("a checkpoint was saved");
  expect(screen.written.at(-2)).toBe("a checkpoint was saved\n");
});

test("without a total there is no time left", () => {
  const screen = screenOf(false);
  let now = 0;
  const phase = new ScreenProgress(screen, () => now).phase("read", undefined, "documents");
  now = 6000;
  phase.update(12);
  expect(screen.written).toEqual(["read: 12 documents, 2 documents/s\n"]);
});

test("quantities and durations for eyes", () => {
  expect([0, 12, 0.1234, 1500, 1_234_567, 2e9].map(quantity)).toEqual([
    "0",
    "12",
    "0.123",
    "1.5k",
    "1.23M",
    "2B",
  ]);
  expect([4.24, 95, 3725].map(duration)).toEqual(["4.2 s", "1:35", "1:02:05"]);
});
