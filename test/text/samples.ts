/** Texts that break naive tokenizers: many scripts, emoji, controls, odd whitespace, code, the separator itself. */
export const multilingual: readonly string[] = [
  "",
  " ",
  "\n",
  "Hello, world! It's they're we've I'm you'll he'd 'S 'T don't",
  "  two  spaces   three\n\n\nlines \t tabs \r\n windows\u00a0nbsp \u3000ideographic",
  "Größe, naïve, Ελληνικά, Русский, עברית, العربية ١٢٣, हिन्दी, বাংলা, ไทย, 日本語のテキスト, 한국어 텍스트, 中文，标点。",
  "emoji 😀👩🏽‍💻🇩🇪 ❤️ and 𝒳𝓎 math, combining e\u0301 a\u0300\u0301\u0302",
  "\u0000\u0001\u0002 control \u001b[31m \u007f \u0085 \u200b\u200d\ufeff bom",
  "const f = (x: number) => { return x ** 2; }; // 0xFF 1_000 3.14e-10\n\tif (a && b || !c) {}",
  "<|endoftext|>a<|endoftext|><|endoftext|> <|endoftext|",
  "__proto__ constructor toString hasOwnProperty",
  "a".repeat(300) + " " + "ab".repeat(200) + "=".repeat(100) + " ".repeat(150) + "x",
  "\ufffd replacement \uffff last of the plane \u{10ffff}",
];
