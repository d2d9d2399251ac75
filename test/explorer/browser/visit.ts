/**
 * A page that is watched: whatever a reader must never meet (a dialog, an error on the console, a request to another machine) is noted
 * from the first moment on, and `leave` throws when there was any.
 */

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";

export interface Visit {
  readonly page: Page;
  /** Faults that the test itself causes, such as the console's line on a request that failed. */
  forgive(fault: RegExp): void;
  /** Closes the page. Fails when something happened that nobody may meet. */
  leave(): Promise<void>;
}

/** No wait of a test is longer. */
const PATIENCE_MS = 10_000;

export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  const forgiven: RegExp[] = [];
  page.on("dialog", (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", () => faults.push("another window"));
  page.on("pageerror", (error) => faults.push(`an error: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      faults.push(`on the console: ${message.text()} (${message.location().url})`);
  });
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isHere = protocol === "http:" && hostname === "127.0.0.1";
    if (!isHere && protocol !== "data:" && protocol !== "file:") faults.push(`a request to ${request.url()}`);
  });
  await page.goto(address);
  return {
    page,
    forgive: (fault) => void forgiven.push(fault),
    async leave() {
      await context.close();
      expect(faults.filter((fault) => !forgiven.some((pattern) => pattern.test(fault)))).toEqual([]);
    },
  };
}

/** The console's own line for an answer that is no 2xx, or none at all. */
export const FAILED_REQUEST = /Failed to load resource/;

/** Path and query of a page. */
export function addressOf(page: Page): string {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** Charts are drawn anew some frames after the window's size has changed. */
const SETTLING_MS = 2000;

/** Nothing sticks out to the right, which would make the whole page scroll sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const deadline = performance.now() + SETTLING_MS;
  let { inner, scroll, culprits } = await sticksOut(page);
  while (scroll > inner && performance.now() < deadline) {
    await page.waitForTimeout(50);
    ({ inner, scroll, culprits } = await sticksOut(page));
  }
  expect(scroll, `${page.url()} in ${inner} px: ${culprits.slice(0, 8).join("; ")}`).toBeLessThanOrEqual(
    inner,
  );
}

function sticksOut(page: Page): Promise<{ inner: number; scroll: number; culprits: string[] }> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const isCut = (element: Element): boolean =>
      element !== root &&
      (getComputedStyle(element).overflowX !== "visible" || isCut(element.parentElement!));
    return {
      inner: window.innerWidth,
      scroll: root.scrollWidth,
      culprits:
        root.scrollWidth <= window.innerWidth
          ? []
          : [...document.body.querySelectorAll("*")]
              .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 0.5)
              .filter((element) => !isCut(element.parentElement!))
              .map(
                (element) => `<${element.tagName} ${element.className}> ${element.textContent.slice(0, 40)}`,
              ),
    };
  });
}
