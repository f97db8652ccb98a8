/** Extracts the examples from the help of a command, as a user would type them. */
export function examplesOf(help: string): string[] {
  const [, examples = ''] = /\nExamples:\n((?: {2}.+\n)+)/.exec(help) ?? [];
  return examples
    .replace(/\\\n\s*/g, '')
    .trim()
    .split(/\n\s*/);
}
