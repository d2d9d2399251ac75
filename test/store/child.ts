/**
 * Another process at a store: `node child.ts JOB PATH`.
 *
 *     write SEED COUNT   writes analyses for as long as it lives; a line for each that is committed
 *     die                ends by kill -9 within a transaction that has already changed the file
 *     label NAME N       adds N explanations, one at a time
 *     interpret COUNT SEED   replaces the interpretation "x" again and again; a line when it has begun
 *     migrate-and-die    ends by kill -9 within the transaction that brings a store of format 1 up to date
 *     read N             lists N times; fails when a list mixes two analyses
 */

import { Random } from "../../src/random.ts";
import { Connection } from "../../src/store/connection.ts";
import { migrate } from "../../src/store/migration.ts";
import { connect } from "../../src/store/schema.ts";
import { openStore } from "../../src/store/store.ts";
import { explanationsOf } from "./synthetic-interpretation.ts";
import { queryOf, textOf, writeAnalysis } from "./synthetic.ts";

const [job, path, first, second] = process.argv.slice(2) as [string, string, string, string];

if (job === "write") {
  const store = openStore(path);
  for (let seed = Number(first); ; seed++) {
    writeAnalysis(store, "sae", { count: Number(second), seed }, { finished: `seed ${seed}` });
    process.stdout.write(`${seed}\n`);
  }
} else if (job === "die") {
  const connection = connect(path, false);
  connection.execute("PRAGMA cache_size = 5");
  connection.write(() => {
    connection.run("UPDATE unit SET max = -1");
    connection.run("DELETE FROM detail");
    const random = Random.of(1);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: 500 }, () => random.integer(256));
      connection.run("INSERT INTO detail (analysis, idx, row, record) VALUES (99, ?, '', ?)", i, bytes);
    }
    process.kill(process.pid, "SIGKILL");
  });
} else if (job === "interpret") {
  const store = openStore(path);
  process.stdout.write("begun\n");
  for (let seed = Number(second); ; seed++) {
    const explanations = explanationsOf({ count: Number(first), seed });
    store.putInterpretation("sae", "feature", "x", explanations, { replace: true, tokenText: textOf });
  }
} else if (job === "migrate-and-die") {
  const connection = new Connection(path, false);
  connection.execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1");
  connection.write(() => {
    migrate(connection);
    const bytes = new Uint8Array(500).fill(7);
    for (let i = 0; i < 2000; i++) {
      connection.run("INSERT INTO question (hash, value) VALUES (randomblob(16), ?)", bytes);
    }
    process.kill(process.pid, "SIGKILL");
  });
} else if (job === "label") {
  const store = openStore(path);
  for (let i = 0; i < Number(second); i++) {
    store.addExplanation("sae", "feature", i % 10, { text: `${first} ${i}`, author: "person" });
  }
} else if (job === "read") {
  const store = openStore(path, { readonly: true });
  for (let i = 0; i < Number(first); i++) {
    const { total, rows } = store.list("sae", queryOf({ limit: 5, sort: "max", q: i % 2 ? "t1" : "" }));
    const unit = store.unit("sae", "feature", rows[0]!.index)!;
    if (total === 0 || unit.contexts.length === 0)
      throw new Error(`an empty list, or a unit without contexts`);
  }
}
