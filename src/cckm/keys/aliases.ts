import { CckmException } from '../errors.js';

/** Returns the name of an alias, which may be given with or without its prefix. @throws CckmException NCERRInvalidParamValue */
export function aliasNameOf(alias: string): string {
  const name = alias.replace(/^alias\//, '');
  if (!/^[a-zA-Z0-9/_-]{1,250}$/.test(name))
    throw new CckmException('NCERRInvalidParamValue', 'An alias has 1 to 250 letters, digits or any of /_-');
  return `alias/${name}`;
}
