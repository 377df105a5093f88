import type { Code } from "./code";
import { children, type Place, type Reader } from "./reader";

/** `import a.b as c, d` and `from ..a import b as c, (d)`, `from a import *`; `lazy` before it changes no meaning. */
export function readImport(r: Reader, node: Code, place: Place): void {
  const parts = children(node).filter((part) => part.name !== "lazy");
  const at = parts.findIndex((part) => part.name === "import");
  if (parts[0]?.name === "from") readFrom(r, node, place, parts, at);
  else for (const item of items(r, parts.slice(1))) bindModule(r, place, item);
}

interface Item {
  name: string;
  as: string | null;
  node: Code;
}

/** `a.b as c` is a run of names and dots; a comma parts the runs. */
function items(r: Reader, parts: Code[]): Item[] {
  const found: Item[] = [];
  let item: Item | null = null;
  let afterAs = false;
  for (const part of parts.flatMap((p) => (p.name === "importList" ? children(p) : [p]))) {
    if (part.name === ",") {
      item = null;
      afterAs = false;
    } else if (part.name === "as") afterAs = true;
    else if (part.name === "VariableName" && afterAs && item) item.as = r.slice(part);
    else if (part.name === "VariableName") {
      if (item) item.name += `.${r.slice(part)}`;
      else {
        item = { name: r.slice(part), as: null, node: part };
        found.push(item);
      }
    }
  }
  return found;
}

function bindModule(r: Reader, place: Place, { name, as, node }: Item): void {
  const bound = as ?? name.split(".")[0];
  r.bind(place, bound, node, { b: "import", module: name, level: 0, name: null, whole: as !== null });
}

function readFrom(r: Reader, node: Code, place: Place, parts: Code[], at: number): void {
  const path = parts.slice(1, at < 0 ? undefined : at);
  const level = path.reduce(
    (sum, part) => sum + (part.name === "." || part.name === "Ellipsis" ? part.to - part.from : 0),
    0,
  );
  // The dots of `a.b` are counted above too: only those before the first name make the import relative.
  const firstName = path.findIndex((part) => part.name === "VariableName");
  const dots = firstName < 0 ? level : dotsBefore(path, firstName);
  const module = path
    .filter((part) => part.name === "VariableName")
    .map((part) => r.slice(part))
    .join(".");
  if (at < 0) return;
  if (parts.slice(at + 1).some((part) => part.name === "*")) {
    r.event(place, node, { e: "star", module, level: dots });
    return;
  }
  for (const item of items(r, parts.slice(at + 1)))
    r.bind(place, item.as ?? item.name, item.node, {
      b: "import",
      module,
      level: dots,
      name: item.name,
      whole: true,
    });
}

function dotsBefore(path: Code[], index: number): number {
  let dots = 0;
  for (const part of path.slice(0, index)) dots += part.to - part.from;
  return dots;
}
