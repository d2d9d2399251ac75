/**
 * The explorer's server as a function of requests: the page and its two files from memory, the API, and the same refusals
 * and headers around everything. No path of a request ever reaches the file system.
 */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type PageAssets, SCRIPT, STYLE } from "../page-build.ts";
import { pageShell } from "../page-shell.ts";
import { described } from "./described.ts";
import { experimentRoutes } from "./experiment-routes.ts";
import type { Explored } from "./explored.ts";
import { BODY_LIMIT, protectAnswers, refuseForeign } from "./guard.ts";
import { HttpFailure } from "./http-failure.ts";
import { interpretationRoutes } from "./interpretation-routes.ts";
import { readRoutes } from "./read-routes.ts";
import { studyRoutes } from "./study-routes.ts";
import type { Workbench } from "./workbench.ts";

export interface AppParts {
  readonly explored: Explored;
  readonly workbench: Workbench;
  readonly page: PageAssets;
  /** Where the server listens, which it knows only once it does. */
  readonly port: () => number;
  /** Told of what nobody expected. */
  readonly onBug?: (error: unknown) => void;
}

export function explorerApp({ explored, workbench, page, port, onBug }: AppParts): Hono {
  const app = new Hono();
  const files = pageFiles(page);

  app.use(protectAnswers);
  app.use(refuseForeign(port));
  app.use(
    bodyLimit({
      maxSize: BODY_LIMIT,
      onError: () => {
        throw new HttpFailure(413, `a request may have ${BODY_LIMIT / 1024} kB, and this one has more`);
      },
    }),
  );

  app.route("/api", readRoutes(explored));
  app.route("/api", studyRoutes(explored.studies));
  app.route("/api", interpretationRoutes(explored));
  app.route("/api", experimentRoutes(explored, workbench));
  app.all("/api/*", () => {
    throw new HttpFailure(404, "there is nothing at this address of the API");
  });
  app.all("/api", () => {
    throw new HttpFailure(404, "there is nothing at this address of the API");
  });

  app.get("*", (c) => {
    const file = files.get(c.req.path);
    if (file !== undefined) {
      return c.body(file.text, 200, {
        "Content-Type": file.type,
        "Cache-Control": "public, max-age=31536000, immutable",
      });
    }
    if (c.req.path.startsWith(ASSETS)) throw new HttpFailure(404, "the page has no such file");
    return c.html(files.shell, 200, { "Cache-Control": "no-cache" });
  });
  app.all("*", () => {
    throw new HttpFailure(405, "only the API takes a POST");
  });

  app.onError((thrown, c) => {
    const { status, sentence, isBug } = described(thrown);
    if (isBug) onBug?.(thrown);
    return c.json({ error: sentence }, status);
  });
  return app;
}

const ASSETS = "/assets/";

/** Everything but the API: addresses that are known beforehand. */
function pageFiles({ hash, script, style }: PageAssets) {
  const scriptPath = `${ASSETS}${hash}/${SCRIPT}`;
  const stylePath = `${ASSETS}${hash}/${STYLE}`;
  const files = new Map([
    [scriptPath, { text: script, type: "text/javascript; charset=utf-8" }],
    [stylePath, { text: style, type: "text/css; charset=utf-8" }],
  ]);
  const shell = pageShell({ mode: "server", title: "monosemantic", script: scriptPath, style: stylePath });
  return { get: (path: string) => files.get(path), shell };
}
