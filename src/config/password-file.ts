/**
 * Finds the password for a database in the text of a PostgreSQL password file: lines of host, port, database, user and
 * password with colons between them. A field of `*` matches everything, and a backslash escapes a colon or a backslash.
 *
 * @param url URL of the database; its password is ignored
 * @returns the password of the first line that matches
 * @see https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export function findPassword(text: string, url: URL): string | undefined {
  const user = decodeURIComponent(url.username);
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const wanted = [host, url.port || '5432', decodeURIComponent(url.pathname.slice(1)) || user, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = Array.from(line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/gy), ([, field = '']) => field);
    const password = fields[wanted.length];
    if (!password) continue;
    if (wanted.every((value, index) => fields[index] === '*' || unescape(fields[index]) === value))
      return unescape(password);
  }
  return undefined;
}

function unescape(field = ''): string {
  return field.replaceAll(/\\(.)/g, '$1');
}
