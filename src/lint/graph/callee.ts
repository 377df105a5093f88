import type { SourceFile } from "../file";
import type { Evaluator } from "../resolve/evaluate";

/** The qualified name of what the innermost call around an offset calls, or null. */
export function calleeAt(evaluator: Evaluator, file: SourceFile, offset: number): string | null {
  let best: { size: number; name: () => string | null } | null = null;
  for (const unit of file.units) {
    if (offset < unit.from || offset > unit.to) continue;
    for (const expr of unit.ir.exprs) {
      if (expr.k !== "call" || offset < unit.from + expr.at || offset > unit.from + expr.end) continue;
      const size = expr.end - expr.at;
      if (best && best.size <= size) continue;
      best = {
        size,
        name: () => {
          for (const value of evaluator.expr(unit, expr.fn)) {
            if (value.v === "external" || value.v === "member") return value.name;
            if (value.v === "function") return evaluator.functions.idOf(value.unit, value.scope);
            if (value.v === "class") return evaluator.members.className(value.cls);
          }
          return null;
        },
      };
    }
  }
  return best?.name() ?? null;
}
