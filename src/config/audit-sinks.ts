import { resolve } from 'node:path';

/** A destination of audit events. */
export interface AuditSink {
  readonly name: 'table' | 'stdout' | 'file';
  /** Absolute path of the folder of a file sink. */
  readonly directory?: string;
  /** Calls are refused while the queue of a required sink is full; other sinks then drop events. */
  readonly isRequired: boolean;
}

const SINK = /^(?:(table)|(stdout)(\?)?|(file):([^?]+)(\?)?)$/;

/**
 * Reads a list of sinks, such as `table,stdout?` or `file:/var/log/keyblock`.
 *
 * @throws Error that completes a sentence about the setting
 */
export function parseAuditSinks(text: string): readonly AuditSink[] {
  const sinks = text.split(',').map((part): AuditSink => {
    const [, table, stdout, stdoutMark, file, directory, fileMark] = SINK.exec(part) ?? [];
    if (table) return { name: 'table', isRequired: true };
    if (stdout) return { name: 'stdout', isRequired: !stdoutMark };
    if (file && directory) return { name: 'file', directory: resolve(directory), isRequired: !fileMark };
    throw new Error(
      'must be table, stdout or file:FOLDER, or several separated by commas; a ? after stdout or file:FOLDER ' +
        'permits it to drop events',
    );
  });
  if (new Set(sinks.map(({ name }) => name)).size < sinks.length)
    throw new Error('must name table, stdout and file:FOLDER once each');
  if (!sinks.some(({ isRequired }) => isRequired))
    throw new Error('must have a destination without a ?, because every call must be audited');
  return sinks;
}

/** Formats a sink as in the setting. */
export function auditSinkText({ name, directory, isRequired }: AuditSink): string {
  return `${name}${directory === undefined ? '' : `:${directory}`}${isRequired ? '' : '?'}`;
}
