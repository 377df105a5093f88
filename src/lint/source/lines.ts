import type { TextChange } from "../types";

/** Where each line of a text starts, kept up to date through edits. LF, CRLF and CR end a line, as in Python. */
export class LineIndex {
  private starts: Uint32Array;
  private count: number;

  constructor(text: string) {
    this.starts = new Uint32Array(Math.max(64, text.length >> 4));
    this.starts[0] = 0;
    this.count = 1;
    for (const start of lineStarts(text, 0, text.length)) this.push(start);
  }

  get lineCount(): number {
    return this.count;
  }

  /** 0-based line that holds the offset. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  startOf(line: number): number {
    return this.starts[line];
  }

  /** `after` is the whole text once the change is applied. */
  apply(change: TextChange, after: string): void {
    // A CR before the change and an LF after it may join or part, so the neighbours are read again too.
    const first = this.lineOf(Math.max(0, change.from - 1));
    const last = this.lineOf(change.to + 1);
    const delta = change.text.length - (change.to - change.from);
    const tailStart = last + 1 < this.count ? this.starts[last + 1] + delta : after.length;
    const inserted = lineStarts(after, this.starts[first], tailStart);
    if (last + 1 < this.count && inserted[inserted.length - 1] === tailStart) inserted.pop();
    const tail = first + 1 + inserted.length;
    const count = tail + this.count - (last + 1);
    this.reserve(count);
    this.starts.copyWithin(tail, last + 1, this.count);
    if (delta !== 0) for (let i = tail; i < count; i++) this.starts[i] += delta;
    this.starts.set(inserted, first + 1);
    this.count = count;
  }

  private push(start: number): void {
    this.reserve(this.count + 1);
    this.starts[this.count++] = start;
  }

  private reserve(size: number): void {
    if (size <= this.starts.length) return;
    const bigger = new Uint32Array(size * 2);
    bigger.set(this.starts);
    this.starts = bigger;
  }
}

/** Starts of the lines that begin after `from` and up to `to`. */
function lineStarts(text: string, from: number, to: number): number[] {
  const starts: number[] = [];
  for (let i = from; i < to; i++) {
    const char = text.charCodeAt(i);
    if (char === 10 || (char === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}
