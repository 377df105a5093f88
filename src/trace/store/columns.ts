/**
 * Growable typed columns, in chunks: growing allocates one chunk and copies nothing, so a trace of ten
 * million events never needs twice its own memory.
 */
const SHIFT = 15;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

type Chunk = Float64Array | Float32Array | Int32Array | Uint8Array;

/** One column. Rows count from 0; reading a row that was never pushed gives undefined. */
class Column<A extends Chunk> {
  length = 0;
  protected readonly chunks: A[] = [];

  constructor(private readonly allocate: (length: number) => A) {}

  /** Appends a value and returns its row. */
  push(value: number): number {
    const row = this.length++;
    const at = row & MASK;
    if (at === 0) this.chunks.push(this.allocate(CHUNK));
    this.chunks[row >>> SHIFT][at] = value;
    return row;
  }

  get(row: number): number {
    return this.chunks[row >>> SHIFT][row & MASK];
  }

  set(row: number, value: number): void {
    this.chunks[row >>> SHIFT][row & MASK] = value;
  }

  /** Takes back the last row. */
  pop(): void {
    this.length--;
    if ((this.length & MASK) === 0) this.chunks.pop();
  }

  /** Bytes allocated. */
  get bytes(): number {
    return this.chunks.length * CHUNK * (this.chunks[0]?.BYTES_PER_ELEMENT ?? 0);
  }
}

// One class each, so that every call site sees one shape of array and stays fast.

export class Float64Column extends Column<Float64Array> {
  constructor() {
    super((length) => new Float64Array(length));
  }
}

export class Float32Column extends Column<Float32Array> {
  constructor() {
    super((length) => new Float32Array(length));
  }
}

export class Int32Column extends Column<Int32Array> {
  constructor() {
    super((length) => new Int32Array(length));
  }
}

export class Uint8Column extends Column<Uint8Array> {
  constructor() {
    super((length) => new Uint8Array(length));
  }
}

/** The first index in [from, to) for which `after` holds, where it is false and then true; else `to`. */
export function firstWhere(from: number, to: number, after: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (after(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
