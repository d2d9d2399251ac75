/** The server on its port: on loopback alone, on the next free port when the wanted one is taken, closed within a moment. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { Failure, messageOf } from "../../errors.ts";

/** Ports that are tried, beginning with the wanted one. */
const TRIES = 50;
const LOOPBACK = "127.0.0.1";

export interface Listening {
  readonly port: number;
  readonly address: string;
  /** Ends what is under way and frees the port. */
  close(): Promise<void>;
}

/**
 * @param port 0 takes any free one
 * @throws Failure when none can be had
 */
export async function listen(app: (port: () => number) => Hono, port: number): Promise<Listening> {
  let own = port;
  const { fetch } = app(() => own);
  const listener = getRequestListener((request) => fetch(request), { overrideGlobalObjects: false });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void listener(request, response);
  });
  await firstFree(server, port);
  own = (server.address() as AddressInfo).port;
  return {
    port: own,
    address: `http://${LOOPBACK}:${own}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function firstFree(server: Server, wanted: number): Promise<void> {
  const last = wanted === 0 ? 0 : Math.min(65_535, wanted + TRIES - 1);
  for (let port = wanted; ; port++) {
    try {
      return await listenAt(server, port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port < last) continue;
      if (code === "EADDRINUSE") {
        throw new Failure(`the ports ${wanted} to ${last} are all in use: give another one with --port`);
      }
      throw new Failure(`cannot listen on ${LOOPBACK}:${port}: ${messageOf(error)}; give another --port`, {
        cause: error,
      });
    }
  }
}

function listenAt(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error);
    server.once("error", fail);
    server.listen(port, LOOPBACK, () => {
      server.off("error", fail);
      resolve();
    });
  });
}
