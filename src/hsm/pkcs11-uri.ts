/**
 * Thrown if a text isn't a usable PKCS#11 URI. The message continues a sentence whose subject is the source of the URI.
 */
export class Pkcs11UriError extends Error {
  override readonly name = 'Pkcs11UriError';
}

/** A key on a token, named by a PKCS#11 URI (RFC 7512). */
export interface Pkcs11Uri {
  /** Path of the module. */
  readonly module: string;
  /** Label of the token. */
  readonly token?: string;
  readonly serial?: string;
  /** Label of the key. */
  readonly object?: string;
  /** CKA_ID of the key. */
  readonly id?: Buffer;
  /** Source of the PIN: a file, or an environment variable. */
  readonly pinSource: { readonly file: string } | { readonly variable: string };
}

const PATH = new Set(['token', 'serial', 'object', 'id', 'type']);
const QUERY = new Set(['module-path', 'pin-source']);
const MAX_LENGTH = 4096;

/**
 * Parses a PKCS#11 URI that names a token, a key on it, the module that reaches it, and where its PIN is, such as
 * `pkcs11:token=payments;object=keyblock-master?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin`.
 * `pin-source=env:NAME`, which RFC 7512 doesn't have, names an environment variable.
 *
 * @throws Pkcs11UriError
 */
export function parsePkcs11Uri(text: string): Pkcs11Uri {
  if (text.length > MAX_LENGTH) throw new Pkcs11UriError(`must be at most ${MAX_LENGTH} characters`);
  const [, path, query] = /^pkcs11:([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  if (path === undefined) throw new Pkcs11UriError('must be a PKCS#11 URI, which begins with pkcs11: (RFC 7512)');
  if (/(?:^|&)pin-value=/.test(query ?? ''))
    throw new Pkcs11UriError('must not contain pin-value, which process lists show: use pin-source=file:/path');
  const named = attributes(path, ';', PATH);
  const asked = attributes(query ?? '', '&', QUERY);
  const { token, serial, object, id, type } = named;
  if (token === undefined && serial === undefined)
    throw new Pkcs11UriError('must name the token by its label (token=…) or serial number (serial=…)');
  if (object === undefined && id === undefined)
    throw new Pkcs11UriError('must name the key by its label (object=…) or CKA_ID (id=…)');
  if (type !== undefined && !['secret-key', 'private'].includes(type.toString()))
    throw new Pkcs11UriError('must have the type secret-key or private, or none');
  const module = asked['module-path']?.toString();
  if (!module?.startsWith('/')) throw new Pkcs11UriError('must name the module by its absolute path (module-path=/…)');
  return {
    module,
    token: token?.toString(),
    serial: serial?.toString(),
    object: object?.toString(),
    id,
    pinSource: pinSource(asked['pin-source']?.toString()),
  };
}

function attributes(text: string, separator: string, known: ReadonlySet<string>): Partial<Record<string, Buffer>> {
  const found: Partial<Record<string, Buffer>> = {};
  for (const part of text.split(separator).filter((each) => each !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (!known.has(name))
      throw new Pkcs11UriError(
        `has the attribute "${name.slice(0, 40)}": only ${[...known].join(', ')} can be used here`,
      );
    if (found[name]) throw new Pkcs11UriError(`must state ${name} once`);
    if (value === '') throw new Pkcs11UriError(`must state a value of ${name}`);
    found[name] = decoded(name, value);
  }
  return found;
}

function decoded(name: string, value: string): Buffer {
  if (/%(?![0-9A-Fa-f]{2})/.test(value))
    throw new Pkcs11UriError(`has a % in ${name} that is not followed by two hexadecimal digits`);
  // The odd parts are percent-encoded bytes.
  const parts = value.split(/%([0-9A-Fa-f]{2})/);
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 1 ? 'hex' : 'utf8')));
}

function pinSource(text: string | undefined): Pkcs11Uri['pinSource'] {
  const file = /^(?:file:(?:\/\/)?)?(\/(?!\/).+)$/s.exec(text ?? '')?.[1];
  if (file !== undefined) return { file };
  const variable = /^env:(\w+)$/.exec(text ?? '')?.[1];
  if (variable !== undefined) return { variable };
  throw new Pkcs11UriError('must state where the PIN is: pin-source=file:/path or pin-source=env:NAME');
}
