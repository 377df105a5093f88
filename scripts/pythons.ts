import { environments } from "./lib/pythons";

// `npm run pythons`: an environment with the packages the runtime's tests use, for every CPython found.
for (const python of environments()) {
  console.log(`${python.version}: ${python.command}${python.missing ? ` (without ${python.missing})` : ""}`);
}
