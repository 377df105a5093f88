import { provisionEditor } from "./lib/provision";

// `npm run provision`: fetches what the editor tests need, so that CI can time and cache it apart from the tests.
const editor = provisionEditor();
for (const [what, where] of Object.entries(editor)) console.log(`${what}: ${where}`);
