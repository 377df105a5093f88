import { instanceOf, type Value } from "./values";

const mapping = /^(?:builtins\.dict|collections\.(?:defaultdict|OrderedDict)|typing\.\w*(?:Mapping|Dict))$/;
const sequence = /^(?:builtins\.(?:list|set)|collections\.deque|typing\.\w*(?:Sequence|Set))$/;

/**
 * What a method of a dictionary, a list, a set or a deque gives of what is in it; null when it is none of them. A type
 * written in the catalogue cannot say that.
 */
export function methodOfContainer(name: string, self: Value, args: readonly Value[][]): Value[] | null {
  if (self.v !== "instance" || self.cls) return null;
  const method = name.slice(name.lastIndexOf(".") + 1);
  if (mapping.test(self.type)) {
    const [keys = [], values = []] = self.args;
    if (method === "values") return [instanceOf("typing.Iterable", [values])];
    if (method === "items")
      return [instanceOf("typing.Iterable", [[instanceOf("builtins.tuple", [keys, values])]])];
    if (method === "get" || method === "pop" || method === "setdefault")
      return [...values, ...(args[1] ?? []).filter((given) => !values.includes(given))];
    if (method === "popitem") return [instanceOf("builtins.tuple", [keys, values])];
  } else if (!sequence.test(self.type)) return null;
  else if (method === "pop" || method === "popleft") return self.args[0] ?? [];
  return method === "copy" ? [self] : null;
}
