import type { Code } from "./code";
import { operands, readAnnotation, readExpr, readParams } from "./expressions";
import type { ExprRef } from "./ir";
import { children, type Place, type Reader } from "./reader";
import { readBody } from "./statements";

/** A `def` or `class`. Decorators, defaults, annotations and bases do not run in the code around them. */
export function readDefinition(
  r: Reader,
  node: Code,
  place: Place,
  decorators: Code[],
  withBody = true,
): void {
  const nameNode = node.getChild("VariableName");
  const name = nameNode ? r.slice(nameNode) : "";
  const isClass = node.name === "ClassDefinition";
  const scope = r.scope(node, isClass ? "class" : "def", name, place, nameNode?.from ?? node.from);
  const made = r.ir.scopes[scope];
  r.muted++;
  for (const decorator of decorators) {
    for (const part of operands(decorator))
      if (part.name !== "At") made.decorators = [...made.decorators, readExpr(r, part, place)];
  }
  if (isClass) readBases(r, node, place, scope);
  r.muted--;
  made.isAsync = node.firstChild?.name === "async";
  const { typeParams } = r;
  r.typeParams = withBounds(r, node, place);
  const params = node.getChild("ParamList");
  if (params && !isClass) readParams(r, params, scope, place);
  const returns = isClass ? null : node.getChild("TypeDef");
  if (returns) made.returns = readAnnotation(r, returns, place);
  if (name) r.bind(place, name, nameNode!, isClass ? { b: "class", scope } : { b: "def", scope });
  const body = node.getChild("Body");
  if (body && withBody) {
    const muted = r.muted;
    r.muted = isClass ? 1 : 0;
    readBody(r, body, { scope, owner: scope, block: r.block(place.block, -1, 0) });
    r.muted = muted;
  }
  r.typeParams = typeParams;
}

/** The type parameters that annotations in a definition may name, its own among them: `def f[T: Session](s: T)`. */
function withBounds(r: Reader, node: Code, place: Place): Reader["typeParams"] {
  const list = node.getChild("TypeParamList");
  if (!list) return r.typeParams;
  const found = new Map(r.typeParams);
  for (const param of list.getChildren("TypeParam")) {
    const name = param.getChild("VariableName");
    const bound = param.getChild("TypeDef");
    const read = bound && readAnnotation(r, bound, place);
    if (!name) continue;
    // One without a bound hides what the name means outside.
    found.set(r.slice(name), read ?? r.add({ at: name.from, end: name.to, k: "other" }));
  }
  return found;
}

function readBases(r: Reader, node: Code, place: Place, scope: number): void {
  const list = node.getChild("ArgList");
  if (!list) return;
  const parts = children(list);
  const bases: ExprRef[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i + 1]?.name === "AssignOp") {
      if (parts[i + 2]) readExpr(r, parts[i + 2], place);
      i += 2;
    } else if (!["(", ")", ",", "*", "**"].includes(parts[i].name)) {
      bases.push(readExpr(r, parts[i], place));
    }
  }
  r.ir.scopes[scope].bases = bases;
}
