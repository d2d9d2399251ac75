/** The document that the page's script fills, with and without a server behind it. */

import { escapeHtml } from "../report/markup.ts";
import { MODE_ATTRIBUTE, ROOT_ID } from "./static-data.ts";

export interface PageShell {
  readonly mode: "server" | "export";
  readonly title: string;
  /** Addresses of the two files, as the document sees them. */
  readonly script: string;
  readonly style: string;
}

/** HTML without any script or style of its own: the policy that it is served with forbids them. */
export function pageShell({ mode, title, script, style }: PageShell): string {
  return `<!doctype html>
<html lang="en" ${MODE_ATTRIBUTE}="${mode}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escapeHtml(style)}">
<script defer src="${escapeHtml(script)}"></script>
</head>
<body>
<div id="${ROOT_ID}"></div>
<noscript>This page is drawn by JavaScript, which is switched off in this browser.</noscript>
</body>
</html>
`;
}
