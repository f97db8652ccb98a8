import vectors from '../../test/vectors/sealed-rows.json' with { type: 'json' };
import { AccessKeyRow } from '../access/access-key.entity.js';
import { KmsWrappingKey } from '../kms/import/kms-wrapping-key.entity.js';
import { PasswordRow } from '../access/password.entity.js';
import { KmsMaterial } from '../kms/materials/kms-material.entity.js';
import { KmsCustomKeyStore } from '../kms/stores/kms-custom-key-store.entity.js';
import { XksCredentialRow } from '../xks-proxy/xks-credential.entity.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import type { KeyMode } from '../payment/keys/key-attributes.js';
import { generateKey } from '../payment/keys/key-material.js';
import { modesOfUse } from '../payment/keys/key-rules.js';
import { Key } from '../payment/keys/key.entity.js';
import { AuditSigningKeyRow } from './audit-signing-key.entity.js';
import { CryptoProvider } from './crypto-provider.js';
import { MasterKey, SealError } from './master-key.js';
import { aadOf, Sealed, type SealedRow } from './sealed.js';
import { ServiceSecretRow } from './service-secret.entity.js';

const ENTITIES: Record<string, new () => SealedRow> = {
  keys: Key,
  access_keys: AccessKeyRow,
  certificate_authorities: CertificateAuthority,
  exchange_tokens: ExchangeToken,
  service_secrets: ServiceSecretRow,
  audit_signing_keys: AuditSigningKeyRow,
  kms_materials: KmsMaterial,
  kms_wrapping_keys: KmsWrappingKey,
  xks_credentials: XksCredentialRow,
  kms_custom_key_stores: KmsCustomKeyStore,
  passwords: PasswordRow,
};
const masterKey = new MasterKey(Buffer.from(vectors.masterKey, 'hex'));
const provider = new CryptoProvider(masterKey);

type Vector = (typeof vectors.tests)[number];

/** Returns the row of a vector as TypeORM reads it. */
function rowOf({ table, row, sealed }: Vector): SealedRow {
  const values = Object.entries(row).map(([name, value]) => [name, columnValue(name, value)]);
  const columns: object = Object.fromEntries(values);
  return Object.assign(new ENTITIES[table]!(), columns, { sealed: Buffer.from(sealed, 'hex') });
}

function columnValue(name: string, value: unknown): unknown {
  if (name === 'modes') return modesOfUse((value as string).split(',') as KeyMode[]);
  const { hex, date } = (value ?? {}) as { hex?: string; date?: string };
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  return date === undefined ? value : new Date(date);
}

/** Returns a different value of the same type. */
function changed(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return Buffer.concat([value, Buffer.of(0)]);
  if (value instanceof Date) return new Date(value.getTime() + 1);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'object' && value !== null) return { ...value, NoRestrictions: true };
  if (value === null) return 'TR31_K0_KEY_ENCRYPTION_KEY';
  return `${value as string}0`;
}

describe(`stored rows: ${vectors.source}`, () => {
  test.each(vectors.tests)('opens #$id $comment', (vector) => {
    const row = rowOf(vector);
    expect(aadOf(row.constructor, row).toString()).toBe(vector.associatedData);
    expect(provider.use(row, (clear) => clear.toString('hex'))).toBe(vector.clear);
  });

  test.each(vectors.tests)('seals #$id $comment with the same associated data', (vector) => {
    const { sealed: _, ...copy } = rowOf(vector);
    const sealed = provider.seal(ENTITIES[vector.table]!, copy, Buffer.from(vector.clear, 'hex'));
    const clear = masterKey.open(Buffer.from(vector.associatedData), sealed);
    expect(clear.toString('hex')).toBe(vector.clear);
  });

  test.each(vectors.tests.flatMap((vector) => Object.keys(vector.row).map((name) => ({ ...vector, name }))))(
    'does not open #$id $comment with another $name',
    ({ name, ...vector }) => {
      const row = rowOf(vector);
      const values = row as unknown as Record<string, unknown>;
      // `changed` can't turn null into a date.
      values[name] = name === 'expiresAt' && values[name] === null ? new Date(0) : changed(values[name]);
      if (name === 'sessionTokenHash' && typeof values[name] === 'string') values[name] = Buffer.alloc(32);
      expect(() => provider.use(row, () => true)).toThrow(SealError);
    },
  );

  test.each(vectors.tests)('does not open #$id $comment in another table', (vector) => {
    for (const [table, Entity] of Object.entries(ENTITIES)) {
      if (table === vector.table) continue;
      expect(() => provider.use(Object.assign(new Entity(), rowOf(vector)), () => true)).toThrow();
    }
  });

  test('opens the check value of the master key and a wrapped master key', () => {
    const checked = Buffer.from('keyblock master key check value');
    expect(masterKey.open(checked, Buffer.from(vectors.checkValue, 'hex'))).toEqual(Buffer.alloc(32));
    const keyring = new MasterKey(Buffer.from(vectors.masterKey, 'hex'));
    keyring.unwrap(vectors.wrapped.id, Buffer.from(vectors.wrapped.sealed, 'hex'));
    expect(keyring.has(vectors.wrapped.id)).toBe(true);
  });
});

describe('CryptoProvider', () => {
  const identity = {
    arn: 'arn:aws:payment-cryptography:us-east-1:000000000000:key/aaaaaaaaaaaaaaaa',
    class: 'SYMMETRIC_KEY',
    usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
    algorithm: 'AES_256',
    modes: modesOfUse(['Encrypt', 'Wrap']),
    deriveKeyUsage: null,
    exportable: false,
    kcvAlgorithm: 'CMAC',
  } as const;
  const newKey = async () => Object.assign(new Key(), identity, await generateKey(provider, identity));

  test('lends the key that it sealed, and zeroizes it even if the computation throws', async () => {
    const key = await newKey();
    let lent = Buffer.alloc(0);
    const sum = provider.use(key, (clear) => {
      lent = clear as Buffer<ArrayBuffer>;
      return clear.reduce((total, byte) => total + byte);
    });
    expect(sum).toBeGreaterThan(0);
    expect(lent).toEqual(Buffer.alloc(32));
    expect(() =>
      provider.use(key, (clear) => {
        lent = clear as Buffer<ArrayBuffer>;
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    expect(lent).toEqual(Buffer.alloc(32));
  });

  test('lends the same key again', async () => {
    const key = await newKey();
    const [first, second] = [0, 1].map(() => provider.use(key, (clear) => clear.toString('hex')));
    expect(second).toBe(first);
  });

  test('refuses a key that is deleted or was read without its material', () => {
    const key = Object.assign(new Key(), identity, { kcv: '000000', sealed: null });
    expect(() => provider.use(key, () => true)).toThrow('read without its sealed value');
  });

  test('refuses a copy of a row that has lost its class', async () => {
    const copy = Object.assign({}, await newKey());
    expect(() => provider.use(copy, () => true)).toThrow('Object is not an entity with @Sealed');
  });

  test('seals nothing for a row that lacks a part of its associated data', () => {
    const { exportable: _, ...partial } = identity;
    expect(() => provider.seal(Key, { ...partial, kcv: '000000' }, Buffer.alloc(32))).toThrow(
      'lacks a part of its associated data',
    );
  });

  test('accepts any entity that registers its associated data', () => {
    @Sealed((row: Note) => ['note', row.id])
    class Note implements SealedRow {
      id = '7';
      sealed: Buffer | null = null;
    }
    const note = new Note();
    note.sealed = provider.seal(Note, { id: '7' }, Buffer.from('clear'));
    expect(provider.use(note, String)).toBe('clear');
    expect(() => provider.use(Object.assign(new Note(), note, { id: '8' }), String)).toThrow(SealError);
  });
});
