import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KeyFileError } from './key-file.js';

/** Mutually exclusive settings, each with the function that reads its value and throws KeyFileError. */
export type Sources<T> = Readonly<Record<string, (value: string) => T>>;

/** The variables that are set, and all problems with them, so that they can be reported together. */
export class Settings {
  /** One line each. */
  readonly problems: string[] = [];

  constructor(private readonly values: Readonly<Record<string, string>>) {}

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  hasOneOf(sources: Sources<unknown>): boolean {
    return Object.keys(sources).some((name) => this.has(name));
  }

  /**
   * Reads whichever of several mutually exclusive settings is set; undefined if none is, or if its value isn't usable.
   */
  oneOf<T>(sources: Sources<T>): T | undefined {
    const given = Object.entries(sources).filter(([name]) => this.has(name));
    if (given.length > 1)
      this.problems.push(`${given.map(([name]) => name).join(' and ')} are mutually exclusive: set only one`);
    return given.map(([name, read]) => this.read(name, read))[0];
  }

  /** Reads a setting that names a file; undefined if the setting is absent, or if the file isn't usable. */
  read<T>(name: string, read: (value: string) => T): T | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      this.problems.push(`${name} ${error.message}`);
      return undefined;
    }
  }

  /** Returns the absolute path of the file that a setting names; the setting must be set. */
  path(name: string): string {
    return resolve(this.values[name] ?? '');
  }

  /** Reads the file that a setting names. */
  file(name: string): Buffer | undefined {
    const path = this.values[name];
    return path === undefined ? undefined : this.attempt(`${name} cannot be read`, () => readFileSync(path));
  }

  /**
   * Runs work, and records an error as a problem.
   *
   * @param failure prefix of the line that reports the error
   */
  attempt<T>(failure: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.problems.push(`${failure}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
