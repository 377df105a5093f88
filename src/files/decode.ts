/** A Python file's text: as the interpreter reads it, by byte order mark or PEP 263 cookie, else as UTF-8. */

export type Decoded = { text: string } | { problem: string };

const COOKIE = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;

/** Python's names of encodings that the platform's decoder calls otherwise. */
const NAMES: Record<string, string> = {
  "utf-8-sig": "utf-8",
  u8: "utf-8",
  utf: "utf-8",
  latin: "iso-8859-1",
  l1: "iso-8859-1",
  "latin-1": "iso-8859-1",
  "iso8859-1": "iso-8859-1",
  "us-ascii": "ascii",
  646: "ascii",
  "iso8859-15": "iso-8859-15",
  "latin-9": "iso-8859-15",
  cp932: "shift_jis",
  "shift-jis": "shift_jis",
  "ms-kanji": "shift_jis",
  eucjp: "euc-jp",
  "euc-kr": "euc-kr",
  cp949: "euc-kr",
  cp936: "gbk",
  "mac-roman": "macintosh",
};

export function decode(bytes: Uint8Array): Decoded {
  if (bytes.subarray(0, 8192).includes(0)) return { problem: "it is a binary file" };
  // As Latin-1 for a look at the first two lines: a cookie is ASCII whatever the encoding.
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 512)).replace(/^ï»¿/, "");
  const [first, second] = head.split(/\r\n|\r|\n/);
  const isBlank = /^[ \t\f]*(?:#.*)?$/.test(first);
  const cookie = COOKIE.exec(first) ?? (isBlank ? COOKIE.exec(second ?? "") : null);
  const written = cookie?.[1] ?? "utf-8";
  const name = written.toLowerCase().replaceAll("_", "-");
  const label = NAMES[name] ?? name.replace(/^cp(125\d|866)$/, "windows-$1").replace("windows-866", "ibm866");
  try {
    // The decoder leaves a byte order mark out; offsets are into the text, so that is right.
    return { text: new TextDecoder(label, { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: `its encoding "${written}" is not known here` };
    return {
      problem: cookie
        ? `it is not ${written}, as it says it is`
        : "it is not UTF-8 and names no other encoding",
    };
  }
}
