/** Bytes that no runtime writes. What they are part of is skipped with a note, the rest is read. */
export class Damage extends Error {}
