/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  /** The answer is no: the chain is broken, the block is malformed. */
  no: 1,
  /** The command was called wrongly, or its environment is not usable. */
  usage: 2,
  refused: 3,
  /** What the command is about isn't there, or isn't in a state that allows it. */
  state: 4,
  /** The service, the database or the system fails or doesn't answer. */
  unavailable: 5,
  interrupted: 130,
} as const;

/** Ends a command. The message is for its user: what is wrong, the value, and what would be right. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** Exit codes of the errors of the service. By name, because to import their classes would load the service. */
const EXIT_CODES = new Map<string, number>(
  Object.entries({
    ConfigError: EXIT.usage,
    ConflictException: EXIT.state,
    DataDirectoryError: EXIT.state,
    MasterKeyError: EXIT.state,
    PolicyError: EXIT.usage,
    PublicPolicyException: EXIT.usage,
    ResourceNotFoundException: EXIT.state,
    ValidationException: EXIT.usage,
  }),
);

/** Tells how a command ends that throws: with a message for an error that its user can mend, with a stack for any other. */
export function outcomeOf(error: unknown): { exitCode: number; message: string } {
  const { name, message, stack, code, members } = error as Error & { code?: string; members?: Record<string, unknown> };
  if (error instanceof Failure) return { exitCode: error.exitCode, message };
  const exitCode = EXIT_CODES.get(name);
  if (name === 'ResourceNotFoundException')
    return { exitCode: EXIT.state, message: `There is no ${String(members?.['ResourceId'])}.` };
  if (exitCode !== undefined) return { exitCode, message };
  // The database driver and the system number their errors; a refused connection has a code but no message.
  if (code !== undefined) return { exitCode: EXIT.unavailable, message: message || code };
  return { exitCode: EXIT.unavailable, message: stack ?? message };
}
