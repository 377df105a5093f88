import { signal } from "@preact/signals";
import type { Finding } from "../../src/protocol/report";

/** What is wrong with the program, the most serious first. Kept up to date while the trace grows. */
export const findings = signal<Finding[]>([]);
