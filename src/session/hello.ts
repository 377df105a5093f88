import { createHash, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";
import { FLAG_DEFLATED, FrameType, type Hello } from "../protocol/stream";
import { ChannelError, type Frame } from "./frames";

/** argv can be long; a hello longer than this is no hello. */
export const MAX_HELLO_BYTES = 4 * 1024 * 1024;

/** Compares secrets in a time that tells nothing about where, or in what length, they differ. */
export function sameToken(given: unknown, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(typeof given === "string" ? given : ""), digest(expected));
}

/** Reads and checks a client's first frame. Throws ChannelError; the token is judged before all else. */
export function readHello(frame: Frame, token: string): Hello {
  if (frame.type !== FrameType.hello) throw new ChannelError("it did not begin with hello");
  const hello = parse(frame);
  if (!sameToken(hello.token, token)) throw new ChannelError("its token is wrong");
  if (hello.protocol !== 1) {
    throw new ChannelError(
      `its protocol is ${String(hello.protocol)}, this build speaks 1: use the runtime that came with it`,
    );
  }
  const wrong = wrongField(hello);
  if (wrong) throw new ChannelError(`its hello has no valid "${wrong}"`);
  return hello as unknown as Hello;
}

function parse(frame: Frame): Record<string, unknown> {
  try {
    const body =
      frame.flags & FLAG_DEFLATED
        ? inflateSync(frame.body, { maxOutputLength: MAX_HELLO_BYTES })
        : frame.body;
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  throw new ChannelError("its hello is not readable");
}

function wrongField(hello: Record<string, unknown>): string | null {
  const text = (value: unknown) => typeof value === "string";
  const number = (value: unknown) => typeof value === "number" && Number.isFinite(value);
  const texts = (value: unknown) => Array.isArray(value) && value.every(text);
  for (const name of ["runtime", "version"]) if (!text(hello[name])) return name;
  for (const name of ["pid", "startNs"]) if (!number(hello[name])) return name;
  if (!texts(hello.argv)) return "argv";
  const clock = hello.clock as Record<string, unknown> | null;
  if (typeof clock !== "object" || clock === null || !number(clock.monotonicNs) || !number(clock.wallNs)) {
    return "clock";
  }
  return null;
}
