import type { SyntaxNode } from "@lezer/common";
import { layOut } from "./code";
import { readDefinition } from "./definitions";
import type { UnitIR } from "./ir";
import { Reader } from "./reader";
import { readStatement } from "./statements";

/** Reads one unit; of a class header only its first line. */
export function readUnit(text: string, syntax: SyntaxNode, header: boolean): UnitIR {
  const node = layOut(syntax, header);
  const r = new Reader(text, node.from);
  const scope = r.scope(node, "unit", "", null);
  const place = { scope, owner: scope, block: 0 };
  if (!header) readStatement(r, node, place);
  else {
    const definition = node.name === "ClassDefinition" ? node : node.getChild("ClassDefinition");
    if (definition) readDefinition(r, definition, place, node.getChildren("Decorator"), false);
    // The class ends with its body, which changes without its head being read again.
    const end = (definition?.getChild("Body")?.from ?? node.to) - node.from;
    for (const part of r.ir.scopes) part.end = Math.min(part.end, end);
  }
  return r.ir;
}
