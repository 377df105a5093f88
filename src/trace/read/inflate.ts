import { Unzlib, unzlibSync } from "fflate";

/** An inflated body is at most this long: more is a deflate bomb, no runtime writes one. */
export const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
/** Deflate expands at most ~1,032 times, so one piece of input adds at most ~32 MiB before the limit is checked. */
const PIECE_BYTES = 32 * 1024;

/** A body up to this long is inflated at once: no more than 64 MiB of work, whatever it holds. */
const SMALL_BYTES = 64 * 1024;

/** Inflates a zlib body; throws when it is damaged or longer than `maxBytes`. What it returns may be valid until its next call only. */
export type Inflate = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

/** Where small bodies are inflated to, one after the other: allocating for each took more time than inflating. */
const MAX_SCRATCH_BYTES = 8 * 1024 * 1024;
let scratch = new Uint8Array(512 * 1024);

/** The default, for browsers. On Node pass `(bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength })`: it is faster. */
export const inflateZlib: Inflate = (bytes, maxBytes) => {
  if (bytes.length > SMALL_BYTES || scratch.length > maxBytes) return inflatePieces(bytes, maxBytes);
  const whole = unzlibSync(bytes, { out: scratch });
  if (whole.length < scratch.length) return whole;
  // The buffer was too short, and what did not fit was dropped.
  const again = inflatePieces(bytes, maxBytes);
  if (again.length < MAX_SCRATCH_BYTES) scratch = new Uint8Array(again.length * 2);
  return again;
};

/** Piece by piece, so that a bomb is stopped soon after its limit. */
function inflatePieces(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  let ended = false;
  const stream = new Unzlib((part, final) => {
    total += part.length;
    parts.push(part);
    ended = final;
  });
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    const to = Math.min(bytes.length, from + PIECE_BYTES);
    stream.push(bytes.subarray(from, to), to === bytes.length);
    if (total > maxBytes) throw new Error(`inflates to more than ${maxBytes} bytes`);
  }
  if (!ended) throw new Error("the deflated data ends early");
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
