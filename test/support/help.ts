/** The examples that the help of a command prints, as one would type them. */
export function examplesOf(help: string): string[] {
  const [, examples = ''] = /\nExamples:\n((?: {2}.+\n)+)/.exec(help) ?? [];
  return examples
    .replace(/\\\n\s*/g, '')
    .trim()
    .split(/\n\s*/);
}
