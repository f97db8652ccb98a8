import { SerializationException, type ServiceException, ValidationException } from '../errors/exceptions.js';
import type { Constraint, Violation } from '../http/api.js';

/** Maximum number of characters of a value that a message repeats. */
const MAX_SHOWN = 512;

/** Paths of members whose values never appear in messages: every blob and every secret. */
const SECRET =
  /(?:^|\.)(?:plaintext|message|ciphertextBlob|signature|mac|publicKey|attestationDocument|sharedSecretCiphertextBlob|encryptedKeyMaterial|importToken|keyStorePassword|rawSecretAccessKey)$/i;

/**
 * Formats violations as KMS does: `1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: …`.
 */
export function invalidInput(violations: readonly Violation[], count: number): ServiceException {
  const otherType = violations.find(({ constraint }) => constraint.kind === 'type');
  if (otherType?.constraint.kind === 'type')
    return new SerializationException(
      `${pathOf(otherType.path) || 'The request body'} must be of type ${otherType.constraint.expected}.`,
    );
  const faults = violations.map(({ path, value, constraint }) => {
    const at = pathOf(path);
    return `Value${shown(at, value, constraint)} at '${at}' failed to satisfy constraint: Member must ${ruleOf(constraint)}`;
  });
  return new ValidationException(`${count} validation error${count === 1 ? '' : 's'} detected: ${faults.join('; ')}`);
}

/** The first letter of each name in lower case; members of lists by number, from 1. */
function pathOf(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === 'number' ? `${step + 1}.member` : lowerFirst(String(step)))).join('.');
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function shown(path: string, value: unknown, { kind }: Constraint): string {
  if (kind === 'required') return ' null';
  if (SECRET.test(path)) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return ` '${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text}'`;
}

function ruleOf(constraint: Constraint): string {
  switch (constraint.kind) {
    case 'required':
      return 'not be null';
    case 'enum':
      return `satisfy enum value set: [${constraint.values.join(', ')}]`;
    case 'minimum':
    case 'maximum': {
      const what = constraint.of === 'value' ? 'value' : 'length';
      return `have ${what} ${constraint.kind === 'minimum' ? 'greater' : 'less'} than or equal to ${constraint.bound}`;
    }
    case 'pattern':
      return `satisfy regular expression pattern: ${constraint.pattern.replace(/^\/(.*)\/[a-z]*$/s, '$1')}`;
    case 'type':
      return `be of type ${constraint.expected}`;
    case 'other':
      return constraint.message.replace(/^must /, '');
  }
}
