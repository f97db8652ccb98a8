/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  /** The check failed: the audit log is not intact, or the block is malformed. */
  no: 1,
  /** The command was called incorrectly, or its environment is not usable. */
  usage: 2,
  refused: 3,
  /** The subject of the command doesn't exist, or isn't in a state that allows the command. */
  state: 4,
  /** The service, the database or the system fails or doesn't answer. */
  unavailable: 5,
  /**
   * The service can't get its master key, or the key doesn't belong to the database: EX_CONFIG of sysexits.h. A
   * supervisor must not restart it, because each attempt may bring a token closer to locking its PIN.
   */
  masterKey: 78,
  interrupted: 130,
} as const;

/** An error that ends a command. Its message states the wrong value, why it is wrong, and what would be right. */
export class Failure extends Error {
  override readonly name = 'Failure';

  /** @param answer the service's response: the name of its exception and the id of the request */
  constructor(
    readonly exitCode: number,
    message: string,
    readonly answer: { name?: string; requestId?: string | undefined } = {},
  ) {
    super(message);
  }
}

/** Names of errors that don't come from a service, in the output of --json. */
const NAMES = new Map<number, string>([
  [EXIT.no, 'No'],
  [EXIT.usage, 'Usage'],
  [EXIT.refused, 'Refused'],
  [EXIT.state, 'State'],
  [EXIT.masterKey, 'MasterKey'],
  [EXIT.interrupted, 'Interrupted'],
]);

/** Exit codes by the names of the service's errors. Importing the classes would load the service. */
const EXIT_CODES = new Map<string, number>(
  Object.entries({
    AccessDeniedException: EXIT.refused,
    ConfigError: EXIT.usage,
    CryptoError: EXIT.usage,
    ConflictException: EXIT.state,
    DataDirectoryError: EXIT.state,
    KeyFileError: EXIT.usage,
    MasterKeyError: EXIT.state,
    MigrationsDueError: EXIT.unavailable,
    PolicyError: EXIT.usage,
    PublicPolicyException: EXIT.usage,
    ResourceNotFoundException: EXIT.state,
    SegmentError: EXIT.state,
    UnfitDatabaseError: EXIT.unavailable,
    ValidationException: EXIT.usage,
  }),
);

/**
 * Returns the exit code and message for an error: its own message if the user can fix it, otherwise its stack trace.
 */
export function outcomeOf(error: unknown): { exitCode: number; message: string } {
  const { name, message, stack, code, members } = error as Error & { code?: string; members?: Record<string, unknown> };
  if (error instanceof Failure) return { exitCode: error.exitCode, message: withAnswer(error) };
  const exitCode = EXIT_CODES.get(name);
  if (name === 'ResourceNotFoundException')
    return { exitCode: EXIT.state, message: `There is no ${String(members?.['ResourceId'])}.` };
  if (exitCode !== undefined) return { exitCode, message };
  // Errors of the database driver and the system have codes; a refused connection has a code but no message.
  if (code !== undefined) return { exitCode: EXIT.unavailable, message: message || code };
  return { exitCode: EXIT.unavailable, message: stack ?? message };
}

/** Adds the name of the service's exception and the id of the request on a second line. */
function withAnswer({ message, answer: { name, requestId } }: Failure): string {
  return requestId === undefined ? message : `${message}\n(${name ?? 'error'}, request ${requestId})`;
}

/** Returns the document that a command with --json prints on stderr for an error. */
export function errorDocument(error: unknown): object {
  if (error instanceof Failure) {
    const { exitCode, message, answer } = error;
    return { error: { name: answer.name ?? NAMES.get(exitCode) ?? 'Failed', message, requestId: answer.requestId } };
  }
  return { error: { name: (error as Error).name, message: outcomeOf(error).message } };
}
