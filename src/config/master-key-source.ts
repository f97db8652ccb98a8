import { parsePkcs11Uri, type Pkcs11Uri, Pkcs11UriError } from '../hsm/pkcs11-uri.js';
import { type FiledKey, KeyFileError, parseKey, readComponentFiles, readKeyFile, readSecretFile } from './key-file.js';
import type { Sources } from './settings.js';

/** The source of a master key: the key itself, or the key of a token that encrypts it. */
export type MasterKeySource = FiledKey | LocatedKey;

/** A key of a token and the PIN that gives access to it. */
export interface LocatedKey {
  uri: Pkcs11Uri;
  pin: string;
}

/** Readers of the variables of which one names the master key. @param env may have the PIN of a token */
export const masterKeySources = (env: Readonly<Record<string, string>>): Sources<MasterKeySource> => ({
  KEYBLOCK_MASTER_KEY: (text) => {
    const key = parseKey(text);
    if (!key) throw new KeyFileError('must be 64 hexadecimal digits');
    return { key };
  },
  KEYBLOCK_MASTER_KEY_FILE: (path) => ({ key: readKeyFile(path) }),
  KEYBLOCK_MASTER_KEY_COMPONENT_FILES: (paths) => readComponentFiles(paths.split(',')),
  KEYBLOCK_MASTER_KEY_TOKEN: (text) => readTokenKey(text, env),
});

/**
 * Reads a PKCS#11 URI that names a key of a token, and the PIN from the source that it names.
 *
 * @param env the environment, which may have the PIN
 * @throws KeyFileError
 */
export function readTokenKey(text: string, env: NodeJS.ProcessEnv): LocatedKey {
  try {
    const uri = parsePkcs11Uri(text);
    return { uri, pin: readPin(uri.pinSource, env) };
  } catch (error) {
    throw error instanceof Pkcs11UriError ? new KeyFileError(error.message) : error;
  }
}

function readPin(source: Pkcs11Uri['pinSource'], env: NodeJS.ProcessEnv): string {
  if ('variable' in source) {
    const pin = env[source.variable];
    if (!pin) throw new KeyFileError(`names the variable ${source.variable} for the PIN, which is not set`);
    return pin;
  }
  try {
    return readSecretFile(source.file);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new KeyFileError(`names the file ${source.file} for the PIN, which ${error.message}`);
  }
}
