import type { Code } from "./code";
import type { Guard } from "./ir";
import type { Place, Reader } from "./reader";

/** What a condition says of the function's parameters, where it holds and where it does not. */
export interface Tested {
  holds: Guard[];
  fails: Guard[];
}

const unknown: Tested = { holds: [], fails: [] };

/** `flag`, `not flag`, `value is None`, and such joined by `and` or `or`, asked of parameters that nothing was assigned to. */
export function testedBy(r: Reader, condition: Code, place: Place): Tested {
  const scope = r.ir.scopes[place.owner];
  if (scope.kind !== "def" || scope.params.length === 0) return unknown;
  const inner = operandsOf(condition);
  switch (condition.name) {
    case "ParenthesizedExpression":
      return inner.length === 1 ? testedBy(r, inner[0], place) : unknown;
    case "UnaryExpression": {
      if (condition.firstChild?.name !== "not" || inner.length !== 1) return unknown;
      const { holds, fails } = testedBy(r, inner[0], place);
      return { holds: fails, fails: holds };
    }
    case "VariableName":
      return asked(r, condition, place, "true", "false");
    case "BinaryExpression":
      return binary(r, condition, inner, place);
    default:
      return unknown;
  }
}

function binary(r: Reader, condition: Code, inner: readonly Code[], place: Place): Tested {
  if (inner.length !== 2) return unknown;
  const [left, right] = inner;
  const operator = r.text.slice(left.to, right.from).replace(/\s+/g, " ").trim();
  if (operator === "and") {
    const both = [testedBy(r, left, place), testedBy(r, right, place)];
    return { holds: both.flatMap((each) => each.holds), fails: [] };
  }
  if (operator === "or") {
    const both = [testedBy(r, left, place), testedBy(r, right, place)];
    return { holds: [], fails: both.flatMap((each) => each.fails) };
  }
  const text = left.name === "VariableName" ? r.slice(condition).slice(left.to - left.from) : "";
  if (/^\s+is\s+None$/.test(text)) return asked(r, left, place, "none", "given");
  return /^\s+is\s+not\s+None$/.test(text) ? asked(r, left, place, "given", "none") : unknown;
}

function asked(r: Reader, name: Code, place: Place, holds: Guard["is"], fails: Guard["is"]): Tested {
  const scope = r.ir.scopes[place.owner];
  const index = scope.params.findIndex((param) => param.name === r.slice(name));
  const { kind } = scope.params[index] ?? {};
  if (kind === undefined || kind === "args" || kind === "kwargs") return unknown;
  const guard = (is: Guard["is"]): Guard[] => [{ scope: place.owner, param: index, is }];
  return { holds: guard(holds), fails: guard(fails) };
}

/** The children that are expressions. */
function operandsOf(node: Code): Code[] {
  const found: Code[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (!notOperand.has(child.name)) found.push(child);
  return found;
}

const notOperand = new Set([
  "(",
  ")",
  "not",
  "and",
  "or",
  "is",
  "in",
  "Comment",
  "CompareOp",
  "ArithOp",
  "BitOp",
]);
