/**
 * Growable typed columns, in chunks: growing allocates one chunk and copies nothing, so a trace of ten
 * million events never needs twice its own memory.
 */
const SHIFT = 15;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

type Chunk = Float64Array | Float32Array | Int32Array | Uint8Array;

/** One column. Rows count from 0; reading a row that was never pushed gives undefined. */
interface Column {
  length: number;
  /** Appends a value and returns its row. */
  push(value: number): number;
  get(row: number): number;
  set(row: number, value: number): void;
  /** Takes back the last row. */
  pop(): void;
  /** Bytes allocated. */
  readonly bytes: number;
}

/**
 * A class of columns. Each call makes functions of its own, which meet one kind of array only: shared ones
 * would have to tell four kinds apart at every access, which took a third of the time to read a trace.
 */
function columnOf<A extends Chunk>(allocate: (length: number) => A): new () => Column {
  return class implements Column {
    length = 0;
    private readonly chunks: A[] = [];

    push(value: number): number {
      const row = this.length++;
      const at = row & MASK;
      if (at === 0) this.chunks.push(allocate(CHUNK));
      this.chunks[row >>> SHIFT][at] = value;
      return row;
    }

    get(row: number): number {
      return this.chunks[row >>> SHIFT][row & MASK];
    }

    set(row: number, value: number): void {
      this.chunks[row >>> SHIFT][row & MASK] = value;
    }

    pop(): void {
      this.length--;
      if ((this.length & MASK) === 0) this.chunks.pop();
    }

    get bytes(): number {
      return this.chunks.length * CHUNK * (this.chunks[0]?.BYTES_PER_ELEMENT ?? 0);
    }
  };
}

export const Float64Column = columnOf((length) => new Float64Array(length));
export const Float32Column = columnOf((length) => new Float32Array(length));
export const Int32Column = columnOf((length) => new Int32Array(length));
export const Uint8Column = columnOf((length) => new Uint8Array(length));
export type Float64Column = Column;
export type Float32Column = Column;
export type Int32Column = Column;
export type Uint8Column = Column;

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
