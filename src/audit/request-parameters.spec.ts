import { readFileSync } from 'node:fs';
import { EVENT_MEMBERS } from '../payment/event-members.js';
import { eventMembers, requestParameters } from './request-parameters.js';

interface Shape {
  type: string;
  enum?: string[];
  sensitive?: boolean;
  members?: Record<string, { shape: string }>;
  member?: { shape: string };
}
interface Model {
  operations: Record<string, { input: { shape: string } }>;
  shapes: Record<string, Shape>;
}
const models = ['payment-cryptography', 'payment-cryptography-data'].map(
  (name) =>
    JSON.parse(readFileSync(new URL(`../../test/models/${name}.service-2.json`, import.meta.url), 'utf8')) as Model,
);

/**
 * Members that the model doesn't mark as sensitive, but from which keys are derived, or which belong to a card, a
 * transaction or a token.
 */
const PRIVATE = [
  'RandomNonce',
  'KeySerialNumber',
  'OptionalBlocks',
  'PanSequenceNumber',
  'ApplicationTransactionCounter',
  'UnpredictableNumber',
  'TransactionAmount',
  'AuthResponseCode',
  'CardStatusUpdate',
  'SystemTraceAuditNumber',
  'SharedInformation',
  'PublicKeyCertificate',
  'SigningKeyCertificate',
  'WrappingKeyCertificate',
  'PinValidationDataPadCharacter',
  'ImportToken',
  'ExportToken',
  'NextToken',
  'CommonName',
  'EmailAddress',
];

/**
 * Builds an input with all possible members at once. Each value names its member and says whether it may be recorded.
 */
function everything({ shapes }: Model, shapeName: string, member = '', isSensitive = false): unknown {
  const shape = shapes[shapeName]!;
  const sensitive = isSensitive || shape.sensitive === true;
  if (shape.type === 'structure')
    return Object.fromEntries(
      Object.entries(shape.members!).map(([name, { shape: of }]) => [
        name,
        everything({ operations: {}, shapes }, of, name, sensitive),
      ]),
    );
  if (shape.type === 'list')
    return [1, 2].map(() => everything({ operations: {}, shapes }, shape.member!.shape, member, sensitive));
  const text = sensitive || PRIVATE.includes(member) ? `CANARY ${member}` : `seen ${member}`;
  return shape.type === 'map' ? { [text]: text } : text;
}

const inputs = models.flatMap((model) =>
  Object.entries(model.operations).map(
    ([operation, { input }]) => [operation, everything(model, input.shape)] as const,
  ),
);

test('the test covers every operation and all members that the model marks as sensitive', () => {
  expect(inputs).toHaveLength(47);
  const canaries = JSON.stringify(inputs).match(/CANARY \w+/g)!;
  expect(new Set(canaries).size).toBeGreaterThan(40);
});

test.each(inputs)('records no sensitive parameter of %s', (_operation, input) => {
  const told = requestParameters(EVENT_MEMBERS, input as object);
  expect(told).not.toContain('CANARY');
  expect(() => JSON.parse(told) as unknown).not.toThrow();
});

test('records every kind of key identifier', () => {
  const named = new Set(JSON.stringify(inputs).match(/"seen \w*(KeyIdentifier|PekIdentifier|KeyArn|ResourceArn)"/g));
  const told = new Set(
    inputs
      .map(([, input]) => requestParameters(EVENT_MEMBERS, input as object))
      .join()
      .match(/"seen \w*(KeyIdentifier|PekIdentifier|KeyArn|ResourceArn)"/g),
  );
  expect(named.size).toBeGreaterThan(15);
  expect(told).toEqual(named);
});

test('records algorithms, attributes and tags in the order of the input', () => {
  expect(
    requestParameters(
      EVENT_MEMBERS,
      { KeyIdentifier: 'alias/pek' },
      {
        GenerationAttributes: { CardVerificationValue1: { CardExpiryDate: '0127', ServiceCode: '101' } },
        PrimaryAccountNumber: '4111111111111111',
        Tags: [{ Key: 'team', Value: 'pin' }],
        TagKeys: ['a', 'b'],
        ReplicationRegions: [],
        Enabled: false,
        KeyVersion: undefined,
      },
    ),
  ).toBe(
    '{"keyIdentifier":"alias/pek","generationAttributes":{"cardVerificationValue1":{}},' +
      '"tags":[{"key":"team","value":"pin"}],"tagKeys":["a","b"],"replicationRegions":[],"enabled":false}',
  );
  expect(requestParameters(EVENT_MEMBERS, undefined, {})).toBe('{}');
});

test('records only the members that the API lists', () => {
  const members = eventMembers({ values: 'KeyId EncryptionContext', structures: '' });
  const input = { KeyId: 'alias/a', KeyIdentifier: 'alias/b', Tags: [{ Key: 'a', Value: 'b' }], Policy: '{}' };
  expect(requestParameters(members, input)).toBe('{"keyId":"alias/a"}');
  expect(requestParameters(EVENT_MEMBERS, input)).toBe(
    '{"keyIdentifier":"alias/b","tags":[{"key":"a","value":"b"}],"policy":"{}"}',
  );
});

test('omits parameters that are too long', () => {
  const members = eventMembers({ values: 'Name Statement', structures: '' });
  const told = (length: number) => requestParameters(members, { Name: 'a' }, { Statement: ['x'.repeat(length)] });
  const overhead = '"name":"a","statement":[""]'.length;
  expect(JSON.parse(told(131_072 - overhead))).toMatchObject({ name: 'a' });
  expect(told(131_073 - overhead)).toBe('{"omitted":true,"originalSize":131073}');
});
