/** ` (did you mean "…"?)`, where one of the names is what a person may have meant to write; else "". */
export function meant(written: string, names: readonly string[]): string {
  const plain = (name: string) => name.toLowerCase().replaceAll("_", "-");
  let best = "";
  // A third of it may be wrong: what is further off is another word.
  let least = Math.floor(written.length / 3) + 1;
  for (const name of names) {
    const distance = edits(plain(written), plain(name));
    // A code with another digit is another rule.
    if (distance >= least || (distance > 0 && /\d/.test(name))) continue;
    best = name;
    least = distance;
  }
  return best === "" ? "" : ` (did you mean "${best}"?)`;
}

/** How many letters must be added, left out or changed to make one of the other. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (a[i] === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
