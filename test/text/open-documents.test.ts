import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SourceDocument, TextDocument } from "../../src/text/document.ts";
import { parseHubName, pinnedHubName } from "../../src/text/hub-source.ts";
import { type DocumentReading, openDocuments } from "../../src/text/open-documents.ts";
import { HubServer } from "../model/hub-server.ts";

const fixtures = join(import.meta.dirname, "../fixtures/text");
const parquetTexts = Array.from(
  { length: 25 },
  (_, i) => `Document ${i}: größer, 日本語, emoji 😀, line\nbreak.`,
);

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "documents-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

async function readAll(sources: string | string[], reading: DocumentReading = {}): Promise<SourceDocument[]> {
  const stream = await openDocuments(sources, reading);
  const documents: SourceDocument[] = [];
  for (let next = await stream.next(); next !== undefined; next = await stream.next()) documents.push(next);
  await stream.close();
  return documents;
}

const textsOf = (documents: SourceDocument[]) => documents.map((document) => (document as TextDocument).text);
const readTexts = async (sources: string | string[], reading: DocumentReading = {}) =>
  textsOf(await readAll(sources, reading));

const jsonl = (records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

describe("text files", () => {
  it("are one document each, without a byte order mark", async () => {
    const path = write("a.py", "\ufeffprint('größe')\n");
    expect(await readAll(path)).toEqual([{ name: path, kind: "python", text: "print('größe')\n" }]);
  });

  it.each(["gz", "zst"])("may be compressed (.%s)", async (ending) => {
    const bytes = Buffer.from("Some text.\n");
    const path = write(`a.txt.${ending}`, ending === "gz" ? gzipSync(bytes) : zstdCompressSync(bytes));
    expect(await readTexts(path)).toEqual(["Some text.\n"]);
  });

  it("are cut at blank lines when they hold a whole corpus, and nothing is lost", async () => {
    const paragraph = "Ein Absatz über größere Dinge, 日本語も少し。\n".repeat(40);
    const text = Array.from({ length: 300 }, (_, i) => `${i}\n${paragraph}\n`).join("");
    const pieces = await readTexts(write("book.txt", text));
    expect(pieces.join("")).toBe(text);
    expect(pieces.length).toBeGreaterThan(5);
    for (const piece of pieces.slice(0, -1)) expect(piece.endsWith("\n\n")).toBe(true);
    expect(await readTexts(write("small.txt", text.slice(0, 100_000)))).toHaveLength(1);
  });

  it("are cut between characters when they have no lines at all", async () => {
    const text = "字".repeat(200_000);
    const pieces = await readTexts(write("one-line.txt", text));
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(text);
  });

  it("say how many characters are no UTF-8", async () => {
    const [document] = await readAll(write("latin1.txt", Buffer.from("Gr\xf6\xdfe", "latin1")));
    expect(document).toMatchObject({ text: "Gr\ufffd\ufffde", replaced: 2 });
  });
});

describe("folders and globs", () => {
  it("are read recursively, without hidden files, binaries by name, and node_modules", async () => {
    for (const path of ["b.md", "a/x.txt", "a/y.jsonl", "c/d/z.rs"]) {
      write(path, path.endsWith("l") ? jsonl([{ text: path }]) : path);
    }
    write(".git/config.txt", "hidden");
    write("node_modules/p/README.md", "package");
    write("image.png", "no text");
    write("empty.txt", "");
    symlinkSync(folder, join(folder, "circle"));
    symlinkSync(join(folder, "b.md"), join(folder, "link.md"));
    expect((await readTexts(folder)).sort()).toEqual(["a/x.txt", "a/y.jsonl", "b.md", "b.md", "c/d/z.rs"]);
    expect((await readTexts(join(folder, "**/*.{md,txt}"))).sort()).toContain("a/x.txt");
  });

  it("give the same order wherever they lie", async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `part-${i}/text.txt`);
    for (const path of paths) write(`here/${path}`, path);
    for (const path of paths.toReversed()) write(`there/deeper/${path}`, path);
    const here = await readTexts(join(folder, "here"));
    expect(here).toEqual(await readTexts(join(folder, "there/deeper")));
    expect(here).not.toEqual(here.toSorted());
  });

  it("read record files side by side, so that the beginning is a mixture", async () => {
    for (const kind of ["a", "b", "c"])
      write(`${kind}.jsonl`, jsonl(Array.from({ length: 50 }, () => ({ text: kind }))));
    const first = (await readTexts(folder)).slice(0, 12);
    for (const kind of ["a", "b", "c"]) expect(first.filter((text) => text === kind)).toHaveLength(4);
  });
});

describe("JSON Lines", () => {
  const records = Array.from({ length: 500 }, (_, i) => ({ text: `Text ${i} — größe ${"x".repeat(i)}` }));

  it("are read plain, from gzip, and from Zstandard", async () => {
    const bytes = Buffer.from(jsonl(records));
    const expected = records.map(({ text }) => text);
    expect(await readTexts(write("a.jsonl", bytes))).toEqual(expected);
    expect(await readTexts(write("a.jsonl.gz", gzipSync(bytes)))).toEqual(expected);
    expect(await readTexts(write("a.jsonl.zst", zstdCompressSync(bytes)))).toEqual(expected);
    expect(await readTexts(write("no-last-newline.jsonl", bytes.subarray(0, -1)))).toEqual(expected);
  });

  it("are read whole from Zstandard and gzip in several frames, wherever a frame ends", async () => {
    const bytes = Buffer.from(jsonl(Array.from({ length: 40 }, () => records).flat()));
    const cuts = [0, 10, 1000, 1 << 16, 5_000_000, bytes.length];
    const frames = cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
    const expected = Array.from({ length: 40 }, () => records.map(({ text }) => text)).flat();
    expect(
      await readTexts(write("a.jsonl.zst", Buffer.concat(frames.map((f) => zstdCompressSync(f))))),
    ).toEqual(expected);
    expect(await readTexts(write("a.jsonl.gz", Buffer.concat(frames.map((f) => gzipSync(f)))))).toEqual(
      expected,
    );
  });

  it("name line, kind and repairs", async () => {
    const path = write(
      "some.jsonl",
      Buffer.concat([
        Buffer.from(
          jsonl([
            { text: "a", meta: { pile_set_name: "ArXiv" } },
            { text: "b", meta: { subset: "de" } },
          ]),
        ),
        Buffer.from(
          '\n  \n{"text": "half \\ud83d pair"}\n{"text": "gr\xf6\xdfe", "subset": "latin"}\n',
          "latin1",
        ),
        Buffer.from('{"text": null}\n'),
      ]),
    );
    expect(await readAll(path)).toEqual([
      { name: `${path}:1`, kind: "ArXiv", text: "a" },
      { name: `${path}:2`, kind: "de", text: "b" },
      { name: `${path}:5`, kind: "some", text: "half \ufffd pair", replaced: 1 },
      { name: `${path}:6`, kind: "latin", text: "gr\ufffd\ufffde", replaced: 2 },
      { name: `${path}:7`, kind: "some", text: "" },
    ]);
  });

  it("take the columns asked for", async () => {
    const path = write("c.jsonl", jsonl([{ body: "a", lang: { code: "fr" } }]));
    const [document] = await readAll(path, { textColumn: "body", kindColumn: "lang.code" });
    expect(document).toMatchObject({ text: "a", kind: "fr" });
  });
});

describe("Parquet", () => {
  it.each(["none", "snappy", "gzip", "zstd"])("is read row group by row group (%s)", async (codec) => {
    const documents = await readAll(join(fixtures, `text-${codec}.parquet`));
    expect(textsOf(documents)).toEqual(parquetTexts);
    expect(documents.slice(0, 4).map(({ kind }) => kind)).toEqual(["Pile-CC", "Github", "ArXiv", "Pile-CC"]);
  });

  it("takes the column asked for", async () => {
    const reading = { textColumn: "content" };
    const texts = await readTexts(join(fixtures, "content.parquet"), reading);
    expect(texts).toEqual([...parquetTexts.slice(0, 3), ""]);
  });

  it.each(["int32", "int64"])("may hold token ids (%s)", async (type) => {
    const tokenizer = { vocabSize: 61, hash: "" };
    const documents = await readAll(join(fixtures, `ids-${type}.parquet`), { tokenizer });
    expect(documents).toHaveLength(31);
    expect(documents[29]).toMatchObject({ ids: Int32Array.of(58, 59, 60) });
    expect(documents[30]).toMatchObject({ ids: new Int32Array(0) });
  });
});

describe("the place in a stream", () => {
  it("lets another stream go on with the next document, in every format", async () => {
    for (let i = 0; i < 3; i++) {
      write(
        `f/${i}.jsonl.gz`,
        gzipSync(jsonl(Array.from({ length: 9 }, (_, j) => ({ text: `${i}.${j}`.repeat(i + 1) })))),
      );
      write(`f/${i}.txt`, `file ${i}`);
    }
    const sources = `${folder},${join(fixtures, "text-zstd.parquet")}`;
    const expected = await readAll(sources);
    expect(expected.length).toBe(3 * 10 + 25);
    for (const stop of [0, 1, 13, 40, expected.length]) {
      const first = await openDocuments(sources);
      for (let i = 0; i < stop; i++) await first.next();
      const second = await openDocuments(sources);
      expect(second.fingerprint).toBe(first.fingerprint);
      second.seek(JSON.parse(JSON.stringify(first.cursor())));
      await first.close();
      const rest: SourceDocument[] = [];
      for (let next = await second.next(); next !== undefined; next = await second.next()) rest.push(next);
      expect(rest).toEqual(expected.slice(stop));
    }
  });

  it("has another fingerprint when a file changed its size", async () => {
    const path = write("a.txt", "one");
    const before = (await openDocuments(path)).fingerprint;
    write("a.txt", "three");
    expect((await openDocuments(path)).fingerprint).not.toBe(before);
  });
});

describe("datasets of the hub", () => {
  let server: HubServer;
  let cacheFolder: string;
  const reading = () => ({ hub: { endpoint: server.endpoint, cacheFolder, pause: 1, offline: false } });

  beforeAll(async () => {
    cacheFolder = mkdtempSync(join(tmpdir(), "hub-cache-"));
    const files: Record<string, Buffer> = {
      "README.md": Buffer.from("# About this dataset, which is not text to train on".repeat(3)),
      "data/train-00000.parquet": readFileSync(join(fixtures, "text-zstd.parquet")),
      "data/test-00000.parquet": readFileSync(join(fixtures, "content.parquet")),
      "raw/more.jsonl.zst": zstdCompressSync(
        jsonl(Array.from({ length: 50 }, (_, i) => ({ text: `raw ${i}` }))),
      ),
    };
    server = new HubServer("owner/pile", files, "dataset");
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(cacheFolder, { recursive: true, force: true });
  });

  it("give the training split unless a path is named", async () => {
    expect(await readTexts("hf://datasets/owner/pile", reading())).toEqual(parquetTexts);
  });

  it("give the files that a path or glob names, at a revision", async () => {
    const raw = Array.from({ length: 50 }, (_, i) => `raw ${i}`);
    expect(await readTexts("hf://datasets/owner/pile@main/raw/*.zst", reading())).toEqual(raw);
    expect(await readTexts("hf://datasets/owner/pile/raw", reading())).toEqual(raw);
    expect(
      await readTexts(`hf://datasets/owner/pile@${server.commit}/raw/more.jsonl.zst`, reading()),
    ).toEqual(raw);
  });

  it("keep their files when a branch moves on, under a name with the commit", async () => {
    const { hub } = reading();
    for (const rest of ["", "/raw/*.zst"]) {
      const pinned = `hf://datasets/owner/pile@${server.commit}${rest}`;
      expect(await pinnedHubName(`hf://datasets/owner/pile${rest}`, hub)).toBe(pinned);
      expect(await pinnedHubName(pinned, hub)).toBe(pinned);
      expect(await readTexts(pinned, reading())).not.toEqual([]);
    }
    await expect(pinnedHubName("hf://datasets/owner/pile@nowhere", hub)).rejects.toThrow(/nowhere/);
  });

  it("say what there is when nothing matches", async () => {
    await expect(openDocuments("hf://datasets/owner/pile/*.csv", reading())).rejects.toThrow(
      /like \*\.csv.*4 files/,
    );
  });

  it("are named with a revision, also that of converted files", () => {
    expect(parseHubName("hf://datasets/a/b@~parquet/default/train")).toEqual({
      dataset: "a/b",
      revision: "refs/convert/parquet",
      path: "default/train",
    });
    expect(parseHubName("hf://datasets/a/b@refs/convert/parquet/x.parquet")).toMatchObject({
      path: "x.parquet",
    });
    expect(() => parseHubName("hf://a/b")).toThrow(/hf:\/\/datasets\/owner\/name/);
  });
});

describe("bad input is refused with where it is:", () => {
  it("a path that is not there", async () => {
    await expect(openDocuments(join(folder, "no.txt"))).rejects.toThrow(/no\.txt does not exist/);
    await expect(openDocuments(join(folder, "*.txt"))).rejects.toThrow(/no file matches/);
    await expect(openDocuments("")).rejects.toThrow(/no text is named/);
  });

  it("an empty file, a folder without text", async () => {
    await expect(openDocuments(write("empty.txt", ""))).rejects.toThrow(/empty\.txt is empty/);
    mkdirSync(join(folder, "bare"));
    await expect(openDocuments(join(folder, "bare"))).rejects.toThrow(/bare holds no file with text/);
  });

  it("a line that is no JSON, or no record", async () => {
    await expect(readAll(write("a.jsonl", '{"text": "a"}\n{"text": \n'))).rejects.toThrow(
      /a\.jsonl:2 is not JSON/,
    );
    await expect(readAll(write("b.jsonl", '["a"]\n'))).rejects.toThrow(/b\.jsonl:1 is not a JSON object/);
    await expect(readAll(write("c.jsonl", '{"text": 5}\n'))).rejects.toThrow(
      /c\.jsonl:1: column "text" holds 5, not text/,
    );
  });

  it("a column that is not there", async () => {
    await expect(readAll(write("a.jsonl", '{"txt": "a", "n": 1}\n'))).rejects.toThrow(
      /a\.jsonl:1 has no column "text": it has "txt", "n"; .* "txt"/,
    );
    await expect(readAll(join(fixtures, "content.parquet"))).rejects.toThrow(
      /content\.parquet has no column "text": it has "content", "label"/,
    );
    await expect(readAll(join(fixtures, "content.parquet"), { textColumn: "label" })).rejects.toThrow(
      /a bigint, not text/,
    );
  });

  it.each([
    ["gz", (bytes: Buffer) => gzipSync(bytes)],
    ["zst", (bytes: Buffer) => zstdCompressSync(bytes)],
  ])("a .%s file that is cut short, damaged, or something else", async (ending, compress) => {
    const lines = jsonl(Array.from({ length: 20_000 }, (_, i) => ({ text: `line ${i * 7919}` })));
    const bytes = compress(Buffer.from(lines));
    const short = write(`short.jsonl.${ending}`, bytes.subarray(0, bytes.length - 100));
    await expect(readAll(short)).rejects.toThrow(/short\.jsonl\.\w+ is cut short/);
    const other = write(`other.jsonl.${ending}`, "plain text, not compressed");
    await expect(readAll(other)).rejects.toThrow(/other\.jsonl\.\w+ is damaged/);
  });

  it("a Parquet file that is cut short or something else", async () => {
    const path = write("short.parquet", readFileSync(join(fixtures, "text-snappy.parquet")));
    truncateSync(path, 2000);
    await expect(readAll(path)).rejects.toThrow(
      /short\.parquet is no Parquet file, or is damaged or cut short/,
    );
    await expect(readAll(write("tiny.parquet", "PAR1"))).rejects.toThrow(/tiny\.parquet is too short/);
    const damaged = readFileSync(join(fixtures, "text-snappy.parquet"));
    damaged.fill(0xff, 50, 400);
    await expect(readAll(write("damaged.parquet", damaged))).rejects.toThrow(/damaged\.parquet/);
  });

  it("token ids that the model cannot have", async () => {
    const ids = join(fixtures, "ids-int32.parquet");
    await expect(readAll(ids, { tokenizer: { vocabSize: 60, hash: "" } })).rejects.toThrow(
      /ids-int32\.parquet#29: column "input_ids" holds the id 60, the model's tokenizer has 0 to 59/,
    );
    await expect(readAll(ids)).rejects.toThrow(/only be read for a model/);
    await expect(
      readAll(join(fixtures, "ids-stated.parquet"), { tokenizer: { vocabSize: 8192, hash: "" } }),
    ).rejects.toThrow(/tokenised with a vocabulary of 50257, the model's has 8192/);
  });
});
