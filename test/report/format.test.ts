import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRange,
  formatTokens,
  prose,
} from "../../src/report/format.ts";
import { html, trusted } from "../../src/report/markup.ts";

const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");

describe("numbers", () => {
  it.each([
    [3.14159, "3.142"],
    [0.00123, "0.001230"],
    [14.2, "14.20"],
    [9.99996, "10.00"],
    [1234.4, "1,234"],
    [123456, "123,456"],
    [1.9073e-6, "1.907 × 10⁻⁶"],
    [1e-6, "10⁻⁶"],
    [-0.5, "−0.5000"],
    [0, "0"],
    [null, "–"],
    [NaN, "–"],
    [Infinity, "–"],
  ])("shows %s as %s", (value, shown) => {
    expect(plain(formatNumber(value))).toBe(shown);
  });

  it.each([
    [0.79, "79.00 %"],
    [1, "100.0 %"],
    [0.000976, "0.0976 %"],
    [-0.5849, "−58.49 %"],
    [0, "0 %"],
    [null, "–"],
  ])("shows the share %s as %s", (value, shown) => {
    expect(plain(formatPercent(value))).toBe(shown);
  });

  it("shows a range with its unit once", () => {
    expect(plain(formatRange([0.1, 0.2], formatPercent))).toBe("10.00 – 20.00 %");
    expect(formatRange([1, 2], formatNumber)).toBe("1.000 – 2.000");
  });

  it("shows counts, time and memory for people", () => {
    expect(plain(formatTokens(5_242_880))).toBe("5.24 million");
    expect(formatTokens(65_536)).toBe("65,536");
    expect([1.24, 42, 187.3, 7620].map((s) => plain(formatDuration(s)))).toEqual([
      "1.2 s",
      "42 s",
      "3 min 07 s",
      "2 h 07 min",
    ]);
    expect([512, 3.66e9].map((b) => plain(formatBytes(b)))).toEqual(["512 B", "3.41 GiB"]);
    expect(prose("95 % of tokens")).toBe("95\u202f% of tokens");
  });
});

describe("html", () => {
  it("escapes whatever it did not make itself", () => {
    const hostile = `<b onclick="x">&'`;
    expect(html`<p title="${hostile}">${hostile}${[html`<i>${1}</i>`, null, false]}</p>`.text).toBe(
      `<p title="&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;">&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;<i>1</i></p>`,
    );
    expect(html`${trusted("<svg></svg>")}`.text).toBe("<svg></svg>");
  });
});
