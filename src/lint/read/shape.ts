import type { Binding, ExprRef, Scope, UnitIR } from "./ir";

/**
 * All of a unit that other units can see, as text without positions: while it stays the same, an edit in a function
 * body concerns that function only.
 */
export function shapeOf(ir: UnitIR): string {
  const parts: string[] = [];
  const expr = (ref: ExprRef | null, depth = 0): string => {
    if (ref === null) return "-";
    const e = ir.exprs[ref];
    if (!e || depth > 60) return "?";
    const at = (inner: ExprRef) => expr(inner, depth + 1);
    switch (e.k) {
      case "name":
        return `${e.id}@${e.scope}`;
      case "attr":
        return `${at(e.of)}.${e.name}`;
      case "call": {
        const kw = Object.entries(e.kw).map(([name, value]) => `${name}=${at(value)}`);
        return `${at(e.fn)}(${[...e.args.map(at), ...kw].join()})`;
      }
      case "await":
      case "star":
        return `${e.k} ${at(e.of)}`;
      case "sub":
        return `${at(e.of)}[${e.index === null ? "" : at(e.index)}${e.isSlice ? ":" : ""}]`;
      case "bin":
        return `(${at(e.left)}${e.op}${at(e.right)})`;
      case "any":
        return `any(${e.of.map(at).join()})`;
      case "items":
        return `${e.type}(${e.of.map(at).join()})`;
      case "dict":
        return `dict(${e.values.map(at).join()})`;
      case "comp":
        return `${e.type}*(${at(e.value)})`;
      case "function":
      case "generator":
        return `${e.k}${e.scope}`;
      case "literal":
        return e.type === "int" || e.type === "bool" ? e.text : e.type;
      default:
        return "?";
    }
  };
  const binding = (b: Binding): string => {
    switch (b.b) {
      case "value":
        return `=${expr(b.value)}:${expr(b.annotation)}[${b.path}]@${b.block}`;
      case "annotation":
        return `:${expr(b.annotation)}`;
      case "element":
        return `in ${expr(b.of)}[${b.path}]`;
      case "enter":
        return `as ${expr(b.of)}${b.isAsync}`;
      case "param":
        return `p${b.index}`;
      case "def":
      case "class":
        return `${b.b}${b.scope}@${b.block}`;
      case "import":
        return `import ${b.level}${b.module}:${b.name}${b.whole}@${b.block}`;
      case "except":
      case "narrow":
        return `${b.b} ${expr(b.type)}@${b.block}`;
      default:
        return "?";
    }
  };
  const binds = (record: Record<string, Binding[]>) =>
    Object.entries(record)
      .map(([name, list]) => `${name}${list.map(binding).join("|")}`)
      .join(";");
  for (const scope of ir.scopes) {
    parts.push(head(scope, expr));
    if (scope.kind === "unit" || scope.kind === "class" || showsLocals(scope)) parts.push(binds(scope.binds));
    parts.push(binds(scope.attributes));
  }
  for (const event of ir.events) if (event.e === "star") parts.push(`star ${event.level}${event.module}`);
  return parts.join("\n");
}

function head(scope: Scope, expr: (ref: ExprRef | null) => string): string {
  const params = scope.params.map((p) => `${p.kind} ${p.name}:${expr(p.annotation)}=${expr(p.default)}`);
  const lists = [scope.decorators, scope.bases, scope.returned, scope.yielded].map((list) =>
    list.map(expr).join(),
  );
  const flags = `${scope.isAsync ? "a" : ""}${scope.isGenerator ? "g" : ""}`;
  return `${scope.kind} ${scope.name} ${scope.parent} ${flags}(${params})${expr(scope.returns)}|${lists.join("|")}|${scope.globals}|${scope.nonlocals}`;
}

/** Whether what the function's names mean shows outside: through what it returns, yields, or sets on `self`. */
function showsLocals(scope: Scope): boolean {
  return (
    scope.kind !== "def" ||
    scope.returned.length > 0 ||
    scope.yielded.length > 0 ||
    scope.globals.length > 0 ||
    Object.keys(scope.attributes).length > 0
  );
}
