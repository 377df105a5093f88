/**
 * Collects the English texts of the editor (`l10n.t("…")`) and of the view (`t`, `tn`, `tx` of webview/util/l10n.ts) into
 * l10n/bundle.l10n.json, which a translator copies to bundle.l10n.LANGUAGE.json: `npm run l10n`. A unit test compares.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./lib/paths";

export const BUNDLE = join(root, "l10n/bundle.l10n.json");

/** A call that looks a text up: by itself, or with a number of things, where the second and third arguments are texts. */
const CALL = /(?<![\w.])(l10n\.t|translate|t|tn|tx)\(/g;
const LITERAL = /"((?:[^"\\\n]|\\.)*)"/y;

/** The texts looked up in a source. */
export function textsOf(source: string): string[] {
  const found: string[] = [];
  for (const match of source.matchAll(CALL)) {
    const name = match[1];
    found.push(...argumentsOf(source, match.index + match[0].length, name === "tn" ? 3 : 1));
  }
  return found;
}

/** String literals in the first `count` arguments, but for those that something is compared with. */
function argumentsOf(source: string, from: number, count: number): string[] {
  const texts: string[] = [];
  let depth = 0;
  let left = count;
  for (let at = from; at < source.length && left > 0; at++) {
    const char = source[at];
    if (char === '"') {
      LITERAL.lastIndex = at;
      const literal = LITERAL.exec(source);
      if (!literal) break;
      const compared = /[=!]==?\s*$/.test(source.slice(from, at));
      if (depth === 0 && !compared) texts.push(JSON.parse(literal[0]));
      at += literal[0].length - 1;
    } else if ("([{".includes(char)) depth++;
    else if (")]}".includes(char)) {
      if (depth === 0) break;
      depth--;
    } else if (char === "," && depth === 0) left--;
  }
  return texts;
}

/** All texts of the product that can be translated, sorted. */
export function collect(): string[] {
  const texts = new Set<string>();
  for (const folder of ["src", "webview"]) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      const source = readFileSync(join(entry.parentPath, entry.name), "utf8");
      // A `t(` elsewhere is something else: a query's instant, a test's title.
      if (!/util\/l10n"|l10n\.t\(|\bl10n\b.*from "vscode"/.test(source)) continue;
      for (const text of textsOf(source)) texts.add(text);
    }
  }
  return [...texts].sort((a, b) => (a < b ? -1 : 1));
}

/** The bundle as it should be. */
export const bundle = (): string =>
  `${JSON.stringify(Object.fromEntries(collect().map((text) => [text, text])), null, 2)}\n`;

if (require.main === module) {
  mkdirSync(dirname(BUNDLE), { recursive: true });
  writeFileSync(BUNDLE, bundle());
  console.log(`${collect().length} texts in ${BUNDLE}`);
}
