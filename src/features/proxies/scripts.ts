/**
 * Which characters belong to a script. Three are built in as the blocks of The Unicode Standard, as Bricken et al. 2023 took them
 * (combining marks, digits and punctuation of the script included); any other is the property Script of its characters.
 */

import { nearest, UsageError } from "../../errors.ts";

/** First and last code points. */
type Blocks = readonly (readonly [first: number, last: number])[];

const BUILT_IN: Readonly<Record<string, Blocks>> = {
  arabic: [
    [0x0600, 0x06ff],
    [0x0750, 0x077f],
    [0x0870, 0x08ff],
    [0xfb50, 0xfdff],
    [0xfe70, 0xfefe],
  ],
  hebrew: [
    [0x0590, 0x05ff],
    [0xfb1d, 0xfb4f],
  ],
  hangul: [
    [0x1100, 0x11ff],
    [0x3130, 0x318f],
    [0xa960, 0xa97f],
    [0xac00, 0xd7ff],
  ],
};

export const BUILT_IN_SCRIPTS: readonly string[] = Object.keys(BUILT_IN);

/** Unicode 15's names of scripts in use, for suggestions. Others that this Node knows work too. */
const NAMES = (
  "Adlam Arabic Armenian Balinese Bamum Bengali Bopomofo Braille Buginese Canadian_Aboriginal Chakma Cham Cherokee Common Coptic " +
  "Cuneiform Cyrillic Deseret Devanagari Egyptian_Hieroglyphs Ethiopic Georgian Glagolitic Gothic Greek Gujarati Gurmukhi Han Hangul " +
  "Hebrew Hiragana Inherited Javanese Kannada Katakana Kayah_Li Khmer Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Malayalam " +
  "Mandaic Meetei_Mayek Mongolian Myanmar New_Tai_Lue Nko Ogham Ol_Chiki Oriya Osage Phoenician Runic Samaritan Sinhala Sundanese " +
  "Syloti_Nagri Syriac Tagalog Tai_Le Tai_Tham Tai_Viet Tamil Telugu Thaana Thai Tibetan Tifinagh Ugaritic Vai Yi"
).split(" ");

/** Whether a character is of the script. */
export type InScript = (codePoint: number) => boolean;

export function builtInScript(name: string): InScript {
  const blocks = BUILT_IN[name];
  if (blocks === undefined) throw new Error(`no script ${name} is built in`);
  return (code) => blocks.some(([first, last]) => code >= first && code <= last);
}

/**
 * The characters whose property Script is `name`; capitals do not matter.
 * @throws UsageError with the nearest names when there is no such script
 */
export function unicodeScript(name: string): { readonly name: string; readonly has: InScript } {
  const known = scriptName(name);
  const pattern = known === undefined ? undefined : scriptPattern(known);
  if (pattern === undefined) {
    throw new UsageError(
      `script:${name} is no script of Unicode's; did you mean ${nearest(name.toLowerCase(), NAMES.map(lower))
        .map((near) => `script:${NAMES.find((candidate) => lower(candidate) === near)}`)
        .join(", ")}?`,
    );
  }
  // Asking a pattern is slow beside everything else that is done with a character, and texts use few of them.
  const answers = new Map<number, boolean>();
  const has = (code: number) => {
    let answer = answers.get(code);
    if (answer === undefined) answers.set(code, (answer = pattern.test(String.fromCodePoint(code))));
    return answer;
  };
  return { name: known!, has };
}

function scriptName(name: string): string | undefined {
  const plain = name.trim().replaceAll(/[ -]/g, "_");
  return (
    NAMES.find((candidate) => lower(candidate) === lower(plain)) ?? (/^\w+$/.test(plain) ? plain : undefined)
  );
}

function scriptPattern(name: string): RegExp | undefined {
  try {
    return new RegExp(`^\\p{Script=${name}}$`, "u");
  } catch {
    return undefined;
  }
}

function lower(name: string): string {
  return name.toLowerCase();
}
