/** `npm run test:slurm`: tests on a real Slurm, which they start themselves. Without one they are skipped, and say so. */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/slurm/**/*.test.ts"],
    globalSetup: "test/slurm/setup.ts",
    pool: "forks",
    maxWorkers: 3,
    maxConcurrency: 12,
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
