import { parseTree } from "../parser/parse";
import { type Code, layOut } from "./code";

/** The text of a string literal without prefix and quotes; escapes are left alone (annotations have none). */
export function stringContent(literal: string): string {
  const match = /^[a-zA-Z]{0,2}("""|'''|"|')/.exec(literal);
  if (!match) return literal;
  const inner = literal.slice(match[0].length);
  return inner.endsWith(match[1]) ? inner.slice(0, -match[1].length) : inner;
}

/** The syntax tree of an annotation written as a string. */
export function parseAnnotation(text: string): Code | null {
  const expression = parseTree(text.length > 2000 ? "" : text).topNode.firstChild?.firstChild;
  return expression ? layOut(expression) : null;
}
