/** Begins every line that is the tests' own, among all that VS Code prints. */
export const REPORT = "[test] ";
