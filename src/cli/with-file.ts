/** What is wrong with the contents of a file, said with its name. */

import { UsageError } from "../errors.ts";

export function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}
