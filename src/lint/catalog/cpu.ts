/**
 * Work that keeps the processor busy: off by default, because how long it takes depends on how much there is. Only
 * calls whose purpose is to be slow, or that go over all of their input, are listed.
 */
import { blocking, type Part } from "./define";

const cpu = (prefix: string, names: string, note?: string) =>
  blocking("blocking-cpu", prefix, names, { note });

export const processor: Part = {
  blocking: [
    ...cpu("hashlib.", "pbkdf2_hmac scrypt", "slow on purpose"),
    ...cpu("bcrypt.", "hashpw checkpw kdf", "slow on purpose"),
    ...cpu("argon2.PasswordHasher.", "hash verify", "slow on purpose"),
    ...cpu("passlib.context.CryptContext.", "hash verify", "slow on purpose"),
    ...cpu("", "zlib.compress zlib.decompress gzip.compress gzip.decompress"),
    ...cpu("", "bz2.compress bz2.decompress lzma.compress lzma.decompress"),
    ...cpu("PIL.Image.Image.", "resize thumbnail filter rotate convert quantize"),
  ],
};
