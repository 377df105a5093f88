/**
 * A hash map from a pair of 32-bit integers to one: 64-bit keys of the wire without BigInt, and interning
 * of (parent, child) pairs. Open addressing, at most 70 % full.
 */
export class PairMap {
  private used = 0;
  private capacity = 64;
  /** Triples: low, high, and 0 for a free slot, 1 for a forgotten pair, else value + 2. */
  private slots = new Int32Array(this.capacity * 3);

  /** The value of a pair, or -1. */
  get(low: number, high: number): number {
    const stored = this.slots[this.find(low, high) + 2];
    return stored < 2 ? -1 : stored - 2;
  }

  /** Values are 0 or greater; -1 forgets the pair. */
  set(low: number, high: number, value: number): void {
    let at = this.find(low, high);
    if (this.slots[at + 2] === 0) {
      if (value < 0) return;
      if (this.used * 10 >= this.capacity * 7) {
        this.grow();
        at = this.find(low, high);
      }
      this.used++;
      this.slots[at] = low;
      this.slots[at + 1] = high;
    }
    this.slots[at + 2] = value + 2;
  }

  /** Every value there is, in no order. */
  *values(): Generator<number> {
    for (let i = 2; i < this.slots.length; i += 3) if (this.slots[i] >= 2) yield this.slots[i] - 2;
  }

  /** Replaces every value by `change` of it; -1 forgets the pair. */
  remap(change: (value: number) => number): void {
    const old = this.slots;
    this.capacity = 64;
    this.slots = new Int32Array(this.capacity * 3);
    this.used = 0;
    for (let i = 0; i < old.length; i += 3) {
      if (old[i + 2] < 2) continue; // free or forgotten
      this.set(old[i], old[i + 1], change(old[i + 2] - 2));
    }
  }

  /** Where the pair is, or the free slot where it would go. */
  private find(low: number, high: number): number {
    const { slots, capacity } = this;
    let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let index = (hash ^ (hash >>> 13)) & (capacity - 1);
    for (;;) {
      const at = index * 3;
      if (slots[at + 2] === 0 || (slots[at] === low && slots[at + 1] === high)) return at;
      index = (index + 1) & (capacity - 1);
    }
  }

  private grow(): void {
    const old = this.slots;
    this.capacity *= 2;
    this.slots = new Int32Array(this.capacity * 3);
    this.used = 0;
    for (let i = 0; i < old.length; i += 3) {
      if (old[i + 2] < 2) continue; // free or forgotten
      const at = this.find(old[i], old[i + 1]);
      this.slots.set(old.subarray(i, i + 3), at);
      this.used++;
    }
  }

  get bytes(): number {
    return this.slots.byteLength;
  }
}
