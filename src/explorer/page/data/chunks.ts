/**
 * Data of an exported page: scripts beside it that hand their values to a function on the global object, because a page opened
 * from a folder may fetch nothing (see static-data.ts). A chunk that was used lately is not loaded again.
 */

import { CHUNK_FUNCTION, chunkValues, DATA_FOLDER, staticPlace, type PackedRows } from "../../static-data.ts";
import { ApiError } from "./api-error.ts";
import { listOfPacked } from "./packed-list.ts";

type Values = Readonly<Record<string, unknown>>;

const loaded = new Map<string, string>();
const underWay = new Map<string, Promise<Values>>();
/** Chunks that are kept unpacked, the newest ones: each is a few megabytes. */
const KEPT = 24;

/** The answer to `GET path`. Throws an ApiError with status 404 where the export has none. */
export async function exportedAnswer(path: string): Promise<unknown> {
  const place = staticPlace(path);
  if (place === null)
    throw new ApiError("An exported page does not hold this: open the run with `monosemantic explore`.", 404);
  const values = await chunk(place.file);
  if (!Object.hasOwn(values, place.key)) throw new ApiError("This is not part of the export.", 404);
  const value = values[place.key];
  if (place.holds === "answer") return value;
  const [, search = ""] = path.split("?");
  return listOfPacked(value as PackedRows, new URLSearchParams(search));
}

function chunk(file: string): Promise<Values> {
  const already = underWay.get(file);
  if (already !== undefined) return already;
  const promise = load(file);
  underWay.set(file, promise);
  for (const oldest of underWay.keys()) {
    if (underWay.size <= KEPT) break;
    underWay.delete(oldest);
  }
  promise.catch(() => underWay.delete(file));
  return promise;
}

function load(file: string): Promise<Values> {
  Object.assign(globalThis, { [CHUNK_FUNCTION]: (name: string, packed: string) => loaded.set(name, packed) });
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `./${DATA_FOLDER}/${file}`;
    script.addEventListener("load", () => {
      script.remove();
      const damaged = () =>
        reject(new ApiError(`The export's file ${DATA_FOLDER}/${file} is damaged: export the run again.`, 0));
      const packed = loaded.get(file);
      loaded.delete(file);
      if (packed === undefined) damaged();
      else chunkValues(packed).then(resolve, damaged);
    });
    script.addEventListener("error", () => {
      script.remove();
      reject(
        new ApiError(
          `The export's file ${DATA_FOLDER}/${file} is not beside the page: copy the whole folder, or it was not exported.`,
          404,
        ),
      );
    });
    document.head.append(script);
  });
}
