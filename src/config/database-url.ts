import { KeyFileError } from './key-file.js';

const MAX_HOSTS = 8;
/** Values of libpq's target_session_attrs that ask for the primary, which Keyblock always does. */
const PRIMARY = ['read-write', 'primary'];

/**
 * Parses the URL of a database with one host or several, in the form of libpq:
 * `postgresql://user:password@a:5432,b:5433/database?sslmode=verify-full`.
 *
 * @returns a URL for each host, in their order, with everything else in common
 * @throws KeyFileError that quotes nothing of the URL, because any part of it may be part of a password
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
export function parseDatabaseUrl(text: string): URL[] {
  const [, scheme, userinfo = '', hosts = '', rest = ''] =
    /^(postgres(?:ql)?:\/\/)((?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) throw new KeyFileError('must be a postgresql:// URL');
  const each = hosts.split(',');
  if (each.length > MAX_HOSTS) throw new KeyFileError(`names more than ${MAX_HOSTS} hosts`);
  return each.map((host, index) => {
    const which = each.length === 1 ? 'its host' : `host ${index + 1} of ${each.length}`;
    if (host === '' && each.length > 1) throw new KeyFileError(`is not usable: ${which} is empty`);
    return urlOf(`${scheme}${userinfo}${host}${rest}`, which);
  });
}

function urlOf(text: string, which: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new KeyFileError(
      `is not usable: ${which} must be a name or an address, and a port of at most 65535 after a colon if it is not ` +
        '5432; in the user and the password, write / ? # @ and : as %2F %3F %23 %40 and %3A',
    );
  }
  try {
    decodeURIComponent(url.username + url.password + url.pathname + url.hostname);
  } catch {
    throw new KeyFileError('is not usable: a % that is not followed by two hexadecimal digits must be written as %25');
  }
  if ([url.searchParams.get('host'), url.searchParams.get('port')].some((value) => value?.includes(',')))
    throw new KeyFileError('is not usable: several hosts must stand before the name of the database, not in ?host=');
  const target = url.searchParams.get('target_session_attrs');
  if (target !== null && !PRIMARY.includes(target))
    throw new KeyFileError('must not ask for a standby: target_session_attrs can only be read-write');
  return url;
}
