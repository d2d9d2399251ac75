/** Opens an address in the person's browser, where there is a screen that it could appear on. */

import { spawn } from "node:child_process";

/** The program that opens an address, and its words before it; undefined where there is no display. */
export function browserOpener(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): readonly [program: string, ...words: string[]] | undefined {
  const isRemote = environment["SSH_CONNECTION"] !== undefined;
  if (platform === "darwin") return isRemote ? undefined : ["open"];
  if (platform === "win32") return isRemote ? undefined : ["cmd", "/c", "start", ""];
  const display = environment["WAYLAND_DISPLAY"] ?? environment["DISPLAY"];
  return display === undefined || display === "" ? undefined : ["xdg-open"];
}

/** Does nothing where there is no display, and when the browser cannot be started: the address was printed. */
export function openBrowser(address: string): void {
  const opener = browserOpener();
  if (opener === undefined) return;
  const [program, ...words] = opener;
  const child = spawn(program, [...words, address], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
