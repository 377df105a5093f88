import { Unzlib } from "fflate";

/** An inflated body is at most this long: more is a deflate bomb, no runtime writes one. */
export const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
/** Deflate expands at most ~1,032 times, so one piece of input adds at most ~32 MiB before the limit is checked. */
const PIECE_BYTES = 32 * 1024;

/** Inflates a zlib body; throws when it is damaged or longer than `maxBytes`. */
export type Inflate = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

/** The default, for browsers. On Node pass `(bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength })`: it is faster. */
export const inflateZlib: Inflate = (bytes, maxBytes) => {
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
};
