/** How the tests run: real processes, at most two at a time, so that a laptop and a two-core runner behave alike. */

import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // On a real Slurm: vitest.slurm.config.ts.
    exclude: [...configDefaults.exclude, "test/slurm/**"],
    globalSetup: "test/shared-folder.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for comes at once, unless the machine is busy.
    expect: { poll: { timeout: 10_000 } },
  },
});
