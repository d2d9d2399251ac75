import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentHash } from "../../src/text/hash.ts";
import { defaultCorpus } from "../../src/text/default-corpus.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "corpus-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const prose = (topic: string) =>
  Array.from({ length: 8 }, (_, i) => `Sentence ${i} of a document that is about ${topic}.\n`).join("");

function packages(): void {
  write("b/package.json", JSON.stringify({ name: "b", description: prose("the package b itself") }));
  write("b/README.md", prose("reading"));
  write("b/lib/index.js", prose("code"));
  write("b/lib/index.d.ts", prose("declarations"));
  write("@scope/a/package.json", "{}");
  write("@scope/a/LICENSE", prose("licences"));
  write("@scope/a/locales/de.js", prose("Grüße"));
}

const names = () => [...defaultCorpus(folder)].map(({ name }) => name);

describe("defaultCorpus", () => {
  it("is the same wherever and whenever the packages were unpacked", () => {
    packages();
    const before = [...defaultCorpus(folder)];
    expect(before).toHaveLength(6);
    utimesSync(join(folder, "b/README.md"), 1, 1);
    const elsewhere = mkdtempSync(join(tmpdir(), "corpus-"));
    rmSync(folder, { recursive: true });
    folder = elsewhere;
    packages();
    expect([...defaultCorpus(folder)]).toEqual(before);
  });

  it("names the kind of each document", () => {
    packages();
    const kinds = Object.fromEntries([...defaultCorpus(folder)].map(({ name, kind }) => [name, kind]));
    expect(kinds).toEqual({
      "b/package.json": "json",
      "b/README.md": "markdown",
      "b/lib/index.js": "javascript",
      "b/lib/index.d.ts": "declarations",
      "@scope/a/LICENSE": "licence",
      "@scope/a/locales/de.js": "locale",
    });
  });

  it("leaves out copies, near copies, binaries, caches, links and packages for one platform", () => {
    packages();
    const clean = names();
    write("c/copy.md", prose("reading"));
    write("c/index.cjs", `"use strict";\n${prose("code")}module.exports = {};\n`);
    write("c/image.md", Buffer.concat([Buffer.from(prose("bytes")), Buffer.from([0])]));
    write("c/latin1.md", Buffer.from(prose("Ärger"), "latin1"));
    write("c/data.bin", prose("an unknown extension"));
    write(".vite/results.json", prose("caches"));
    write("c/.cache/state.json", prose("more caches"));
    write("only-linux/package.json", JSON.stringify({ cpu: ["x64"] }));
    write("only-linux/README.md", prose("one platform"));
    symlinkSync(join(folder, "b"), join(folder, "linked"));
    expect(names()).toEqual(clean);
  });

  it("takes the sources inside a source map, not the map", () => {
    write(
      "m/index.js.map",
      JSON.stringify({ sources: ["../src/x.ts"], sourcesContent: [prose("sources")], mappings: "AAAA" }),
    );
    write("m/broken.js.map", "{");
    expect([...defaultCorpus(folder)]).toEqual([
      { name: "m/index.js.map!../src/x.ts", text: prose("sources"), kind: "typescript" },
    ]);
  });

  it("cuts minified code short and caps what one package gives", () => {
    write("big/min.js", "var a=1;".repeat(100_000));
    for (let i = 0; i < 20; i++) {
      write(
        `big/${i}.txt`,
        Array.from({ length: 10_000 }, (_, j) => `Line ${j} of the long text number ${i}.\n`).join(""),
      );
    }
    const documents = [...defaultCorpus(folder)];
    expect(documents.find(({ kind }) => kind === "minified")!.text).toHaveLength(16_000);
    expect(documents.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(3_500_000);
    expect(documents.length).toBeLessThan(15);
  });

  it("gives tens of megabytes of distinct documents from this checkout", () => {
    const hashes = new Set<string>();
    let size = 0;
    for (const { name, text } of defaultCorpus()) {
      hashes.add(contentHash(text));
      size += text.length;
      expect(name.startsWith("/")).toBe(false);
    }
    expect(size).toBeGreaterThan(25e6);
    expect(hashes.size).toBeGreaterThan(2000);
  });
});
