/** What a filter can look at. */
export interface Filterable {
  name: string;
  coroutine: string;
  state: string;
  /** Places the task has to do with: where it is parked and where it was created. */
  places: readonly { file: string; line: number; function: string }[];
  /** What it waits on, in words. */
  waits: string;
}

interface Term {
  field: "any" | "coro" | "state" | "at" | "on";
  text: string;
  not: boolean;
}

export interface Filter {
  /** True when everything matches. */
  empty: boolean;
  matches(item: Filterable): boolean;
}

/**
 * Reads a filter: words that must all match, each anywhere in the name or coroutine, or in the field that is
 * named before it: `coro:fetch state:suspended at:shop.py:97 on:lock`. `-word` must not match. Quotes keep
 * spaces: `"GET /users"`.
 */
export function parseFilter(text: string): Filter {
  const terms: Term[] = [];
  for (const match of text.matchAll(/(-?)(?:(coro|state|at|on|name):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const wanted = (match[3] ?? match[4] ?? "").toLowerCase();
    if (!wanted) continue;
    const named = match[2]?.toLowerCase();
    const field = named && named !== "name" ? (named as Term["field"]) : "any";
    terms.push({ field, text: wanted, not: match[1] === "-" });
  }
  return {
    empty: terms.length === 0,
    matches: (item) => terms.every((term) => holds(term, item) !== term.not),
  };
}

function holds(term: Term, item: Filterable): boolean {
  const has = (text: string) => text.toLowerCase().includes(term.text);
  switch (term.field) {
    case "coro":
      return has(item.coroutine);
    case "state":
      return item.state.startsWith(term.text);
    case "on":
      return has(item.waits);
    case "at":
      return item.places.some((place) => has(`${place.file}:${place.line}`) || has(place.function));
    default:
      return has(item.name) || has(item.coroutine);
  }
}
