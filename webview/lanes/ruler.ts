/** Marks of a time axis at round distances: about one every `pixels`. */
export function ticksOf(
  from: number,
  to: number,
  width: number,
  pixels = 90,
): { t: number; label: string }[] {
  const wanted = ((to - from) * pixels) / Math.max(1, width);
  if (!(wanted > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= wanted * 0.999) ?? wanted;
  const [unit, name] = to < 0.9e-3 ? [1e-6, "µs"] : to < 0.9999 && step < 0.2 ? [1e-3, "ms"] : [1, "s"];
  const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  const ticks = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to; i++) {
    const t = i * step;
    ticks.push({ t, label: t === 0 ? "0" : `${(t / unit).toFixed(decimals)} ${name}` });
  }
  return ticks;
}
