/** A million mutated frames into the decoder: `npx tsx test/bench/decoderFuzz.ts [count] [seed]`. */
import { fuzz } from "../unit/trace/mutate";

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const PART = 20_000;

const start = process.hrtime.bigint();
let slowest = 0;
for (let done = 0; done < count; done += PART) {
  slowest = Math.max(slowest, fuzz(seed + done, Math.min(PART, count - done)));
  if ((done / PART) % 5 === 4) {
    console.log(`${done + PART} frames, ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
  }
}
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(
  `${count} mutated frames in ${seconds.toFixed(0)} s: no crash; slowest trace of 200 with all its questions ` +
    `${slowest.toFixed(0)} ms; peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
