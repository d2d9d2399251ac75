/**
 * Who may ask, and what the answers allow. The server listens on loopback, which keeps other machines out but not other
 * pages in the same browser: a page on any site can send requests to 127.0.0.1, and by DNS rebinding (a name of its own that
 * suddenly stands for 127.0.0.1) even read the answers. So the name in `Host` has to be this machine's own, and a request that
 * a browser sends for another page is refused.
 */

import type { MiddlewareHandler } from "hono";
import { HttpFailure } from "./http-failure.ts";

/** A request body of experiments is a text and some numbers. */
export const BODY_LIMIT = 256 * 1024;

/** The page's own files and answers, nothing inline, nothing from elsewhere, and nobody may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};

/** Puts the headers on every answer, refusals too. */
export const protectAnswers: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};

/**
 * Refuses what is not from the explorer's own page, or from a person's own program.
 * @param port where the server listens; known only once it does
 */
export function refuseForeign(port: () => number): MiddlewareHandler {
  return async (c, next) => {
    const hosts = [`localhost:${port()}`, `127.0.0.1:${port()}`, `[::1]:${port()}`];
    if (port() === 80) hosts.push("localhost", "127.0.0.1", "[::1]");
    const { method } = c.req;
    const host = c.req.header("host")?.toLowerCase();
    if (host === undefined || !hosts.includes(host)) {
      throw new HttpFailure(
        403,
        `this is the server of http://${hosts[0]}, and the request was for another name or port: open that address itself`,
      );
    }
    const origin = c.req.header("origin")?.toLowerCase();
    if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
      throw new HttpFailure(403, "the request comes from a page of another site, which may not use this one");
    }
    const site = c.req.header("sec-fetch-site");
    if (site !== undefined && site !== "same-origin" && site !== "none" && !isLinkFollowed(c.req)) {
      throw new HttpFailure(403, "the request comes from a page of another site, which may not use this one");
    }
    if (!["GET", "HEAD", "POST"].includes(method)) {
      throw new HttpFailure(405, "there is GET to read and POST to compute, and no other method");
    }
    if (method === "POST") refuseOtherBodies(c.req.header("content-type"));
    await next();
  };
}

/** A link on another page that a person follows shows the page to that person, and nothing to the other page. */
function isLinkFollowed(request: {
  method: string;
  path: string;
  header(name: string): string | undefined;
}): boolean {
  return (
    request.method === "GET" &&
    request.header("sec-fetch-mode") === "navigate" &&
    request.header("sec-fetch-dest") === "document" &&
    !/^\/api(\/|$)/.test(request.path)
  );
}

/** A form on another site can post texts and files, but not JSON. */
function refuseOtherBodies(type: string | undefined): void {
  if (type?.split(";")[0]!.trim().toLowerCase() === "application/json") return;
  throw new HttpFailure(415, "a POST carries JSON: send it with Content-Type: application/json");
}
