import { type CheckValue, checkValues } from '../../src/workbench/check-values.js';
import { Notice } from '../components/notice.js';
import { useLoad } from '../load.js';
import { keyId, loadKeys } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { HexField } from './hex-field.js';
import { readHex } from './hex.js';
import { keyWords } from './key-words.js';

/** Length of the shortest key that the service can hold. */
const LEAST_BYTES = 16;
const MOST_BYTES = 64;

/**
 * A field for a test key, described as `keyWords` does, with a warning if a stored key has its check value.
 *
 * @param empty the hint for an empty field
 */
export function KeyField({
  label,
  value,
  onInput,
  empty,
  algorithm,
}: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  empty: string;
  algorithm?: 'TDES' | 'AES' | undefined;
}) {
  const typed = readHex(value);
  const bytes = typed && 'bytes' in typed ? typed.bytes : Buffer.alloc(0);
  return (
    <>
      <HexField label={label} value={value} onInput={onInput} hint={keyWords(typed, empty, algorithm)} />
      {bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES && <StoredKeyWarning values={checkValues(bytes)} />}
    </>
  );
}

/** A key that the service stores is unlikely to be a test key. The keys' check values are compared in the tab. */
export function StoredKeyWarning({ values }: { values: readonly CheckValue[] }) {
  const loaded = useLoad(loadKeys, [region.value]);
  if (loaded.state !== 'ready') return null;
  const stored = loaded.value.keys.find(({ KeyCheckValue }) =>
    values.some(({ digits }) => digits.startsWith(KeyCheckValue)),
  );
  if (stored === undefined) return null;
  return (
    <Notice tone="warn">
      <strong>Is this really a test key?</strong> The stored key{' '}
      <a href={hrefOf(['keys', region.value, keyId(stored.KeyArn)])}>{stored.aliases[0] ?? keyId(stored.KeyArn)}</a> has
      the same check value.
    </Notice>
  );
}
