import type { Knowledge } from "./knowledge";
import { getOrMake } from "./maps";
import { instanceOf, type Value } from "./values";

/** Names of `typing`, `collections.abc` and friends that say no more than what they wrap. */
const transparent = new Set(
  "Optional Union Annotated Final ClassVar Required NotRequired ReadOnly Awaitable TypeGuard".split(" "),
);

const containers: Record<string, string> = {
  List: "builtins.list",
  Dict: "builtins.dict",
  Set: "builtins.set",
  FrozenSet: "builtins.frozenset",
  Tuple: "builtins.tuple",
  Type: "builtins.type",
  Text: "builtins.str",
  DefaultDict: "collections.defaultdict",
  Deque: "collections.deque",
};

const nothing = new Set(
  "Any NoReturn Never None object Literal TypeVar TypeAlias ParamSpec LiteralString".split(" "),
);

const typingModules = /^(?:typing|typing_extensions|collections\.abc|types|contextlib)\./;

/** What an annotation that names something outside of the workspace stands for. `args`: what is in its brackets. */
export function externalType(knowledge: Knowledge, name: string, args: Value[][]): Value[] {
  const short = typingModules.test(name) ? name.slice(name.lastIndexOf(".") + 1) : name;
  if (short === name && name.startsWith("builtins.")) {
    if (nothing.has(name.slice(9))) return [];
    return name === "builtins.type" ? classesOf(args[0] ?? []) : [instanceOf(name, args)];
  }
  if (short !== name) {
    if (short === "Callable") return args[1]?.length ? [instanceOf("typing.Callable", args)] : [];
    if (nothing.has(short)) return [];
    if (transparent.has(short)) return short === "Annotated" ? (args[0] ?? []) : args.flat();
    if (short === "Type") return classesOf(args[0] ?? []);
    return [instanceOf(containers[short] ?? `typing.${short}`, args)];
  }
  return knowledge.isClass(name) ? [instanceOf(name, args)] : [];
}

function classesOf(instances: Value[]): Value[] {
  return instances.flatMap((value): Value[] => {
    if (value.v !== "instance") return [];
    return value.cls ? [{ v: "class", cls: value.cls }] : [{ v: "external", name: value.type }];
  });
}

const parsed = new Map<string, TypeName[]>();

interface TypeName {
  name: string;
  args: TypeName[][];
}

/** The values of a type written in the catalogue: `Iterator[pathlib.Path] | None`. `self` replaces `Self`. */
export function catalogType(knowledge: Knowledge, text: string, self: Value | null): Value[] {
  const names = getOrMake(parsed, text, () => parseUnion(new Scanner(text)));
  return names.flatMap((type) => build(knowledge, type, self));
}

function build(knowledge: Knowledge, type: TypeName, self: Value | null): Value[] {
  if (type.name === "Self") return self ? [self] : [];
  if (type.name === "Item") return self?.v === "instance" ? (self.args[0] ?? []) : [];
  if (type.name === "None" || type.name === "") return [];
  const args = type.args.map((arg) => arg.flatMap((inner) => build(knowledge, inner, self)));
  if (type.name.includes(".")) {
    const found = externalType(knowledge, type.name, args);
    return found.length > 0 || typingModules.test(type.name) ? found : [instanceOf(type.name, args)];
  }
  const name = /^[A-Z]/.test(type.name) ? `typing.${type.name}` : `builtins.${type.name}`;
  return externalType(knowledge, name, args);
}

class Scanner {
  at = 0;
  constructor(readonly text: string) {}

  take(char: string): boolean {
    while (this.text[this.at] === " ") this.at++;
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  name(): string {
    while (this.text[this.at] === " ") this.at++;
    const match = /^[\w.]+/.exec(this.text.slice(this.at));
    this.at += match ? match[0].length : 1;
    return match ? match[0] : "";
  }
}

function parseUnion(scanner: Scanner): TypeName[] {
  const found: TypeName[] = [];
  do {
    const type: TypeName = { name: scanner.name(), args: [] };
    if (scanner.take("[")) {
      do type.args.push(parseUnion(scanner));
      while (scanner.take(",") && scanner.at < scanner.text.length);
      scanner.take("]");
    }
    found.push(type);
  } while (scanner.take("|") && scanner.at < scanner.text.length);
  return found;
}

/** The type of what iterating, or awaiting, an instance of a generic class gives. */
export function elementOf(type: string, args: Value[][]): Value[] {
  if (type === "builtins.tuple") return args.flat();
  if (/^(?:builtins\.(?:list|set|frozenset|dict)|collections\.|typing\.)/.test(type)) return args[0] ?? [];
  return [];
}
