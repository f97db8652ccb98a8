import type { Command as CommanderCommand } from 'commander';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';

/** Words that can follow a group or a command, by the words before them. */
type Completions = ReadonlyMap<string, readonly string[]>;

/** Scripts by shell. Each shell looks up the words typed so far, without options. */
const SHELLS: Readonly<Record<string, (completions: Completions) => string>> = { bash, zsh, fish };
const NAMES = Object.keys(SHELLS);

/** Adds `keyblock completion`. */
export function addCompletion(root: Command, { stdout }: Streams): void {
  root
    .command('completion')
    .description(
      'Print a script that completes commands and options in a shell.\n\nLoad it in the start file of the shell, or save it where the shell looks for completions.',
    )
    .argument('<shell>', `The shell: ${NAMES.join(', ')}.`)
    .examples('keyblock completion bash', 'keyblock completion fish')
    .readOn('docs/calculators.md')
    .action((shell: string) => {
      const script = SHELLS[shell];
      if (!script) throw new Failure(EXIT.usage, `The shell is one of ${NAMES.join(', ')}.`);
      stdout.write(script(completionsOf(root)));
    });
}

/** Returns the words that can follow each prefix of the tree: names of commands, and options. */
function completionsOf(command: CommanderCommand, path = ''): Completions {
  const commands = command.commands.filter((each) => each.name() !== 'help');
  const words = [
    ...commands.map((each) => each.name()),
    ...command.options.flatMap(({ long }) => (long ? [long] : [])),
    '--help',
  ];
  const below = commands.flatMap((each) => [...completionsOf(each, `${path} ${each.name()}`.trim())]);
  return new Map([[path, words], ...below]);
}

function bash(completions: Completions): string {
  const cases = [...completions].map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`);
  return [
    '_keyblock() {',
    '  local path= word words',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in -*) ;; *) path="${path:+$path }$word" ;; esac',
    '  done',
    '  case "$path" in',
    ...cases,
    "    *) words='' ;;",
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -o default -F _keyblock keyblock',
    '',
  ].join('\n');
}

function zsh(completions: Completions): string {
  return `#compdef keyblock\nautoload -U +X bashcompinit && bashcompinit\n${bash(completions)}`;
}

function fish(completions: Completions): string {
  const lines = [...completions].flatMap(([path, words]) =>
    words.map((word) => {
      const seen = `'test (__keyblock_path) = "${path}"'`;
      return word.startsWith('--')
        ? `complete -c keyblock -n ${seen} -l ${word.slice(2)}`
        : `complete -c keyblock -f -n ${seen} -a ${word}`;
    }),
  );
  return [
    'function __keyblock_path',
    '  set -l words (commandline -opc)[2..]',
    "  echo (string join ' ' (string match -v -- '-*' $words))",
    'end',
    ...lines,
    '',
  ].join('\n');
}
