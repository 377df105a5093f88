/** Bytes that no runtime writes. What they are part of is skipped with a note, the rest is read. */
export class Damage extends Error {}

/** The same bytes where 64-bit arrays can be laid over them. (Not `slice`: Node's Buffer shares its memory.) */
export function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}
