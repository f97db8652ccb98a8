import { type Logger, pino } from 'pino';

/** Injection token of the service's pino logger. */
export const LOGGER = Symbol('logger');

export interface LogDestination {
  /** @param line ends with a newline */
  write(line: string): unknown;
}

/** The service's log. */
export interface Log {
  readonly logger: Logger;
  /** Gets the logger's lines, and those that are formatted without it. */
  readonly destination: LogDestination;
}

/** @param level pino's name of the lowest level that is written */
export function openLog(level: string, destination: LogDestination): Log {
  return { logger: pino({ level, base: { service: 'keyblock' } }, destination), destination };
}
