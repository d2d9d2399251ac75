/**
 * What kind of text a file holds, by its name. Held-out loss is reported by these kinds, so they are few and mean
 * something to a reader.
 */

const kindOfExtension: Readonly<Record<string, string>> = {
  md: "markdown",
  markdown: "markdown",
  mdx: "markdown",
  rst: "plain text",
  txt: "plain text",
  text: "plain text",
  tex: "latex",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  flow: "javascript",
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  tsx: "typescript",
  json: "json",
  json5: "json",
  yml: "configuration",
  yaml: "configuration",
  toml: "configuration",
  ini: "configuration",
  cfg: "configuration",
  gypi: "configuration",
  editorconfig: "configuration",
  css: "css",
  scss: "css",
  less: "css",
  html: "html",
  htm: "html",
  xml: "html",
  svg: "html",
  py: "python",
  pyi: "python",
  c: "c",
  h: "c",
  cc: "c",
  cpp: "c",
  hpp: "c",
  cu: "c",
  rs: "rust",
  go: "go",
  java: "java",
  kt: "kotlin",
  swift: "swift",
  rb: "ruby",
  php: "php",
  lua: "lua",
  sql: "sql",
  sh: "shell",
  bash: "shell",
  ps1: "shell",
  cmd: "shell",
  bnf: "grammar",
  ne: "grammar",
  csv: "table",
  tsv: "table",
};

/**
 * The kind of text in a file called `path`, or `undefined` when nothing in the name says that it is text.
 * Locale files, licences and type declarations are kinds of their own, whatever their extension.
 */
export function kindOfFile(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (/^(licen[cs]e|copying|notice|third[-_]?party)/.test(name)) return "licence";
  const dot = name.lastIndexOf(".");
  if (dot < 0)
    return /^(readme|changes|changelog|history|authors|contributors|security)/.test(name)
      ? "markdown"
      : undefined;
  const kind = kindOfExtension[name.slice(dot + 1)];
  if (kind === undefined) return undefined;
  if (/\/(locales?|i18n|lang|translations)\//.test(path)) return "locale";
  return /\.d\.[cm]?ts$/.test(name) ? "declarations" : kind;
}
