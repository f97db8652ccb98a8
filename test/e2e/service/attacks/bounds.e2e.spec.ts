import { DataSource } from 'typeorm';
import { AuditLog } from '../../../../src/audit/audit-log.js';
import { MAX_FAULTS } from '../../../../src/http/bounds.js';
import { useService } from '../../../support/api.js';
import { target } from '../../../support/service.js';
import { fillings, many, operationInputs, placesOf } from '../../../support/places.js';

const service = useService();

/** The longest event in characters of a call that is refused. */
const EVENT_CHARACTERS = 10_000;
/** The longest answer in bytes to a body that is refused. */
const ANSWER_BYTES = 20_000;

describe('the answer to an invalid body is short', () => {
  test('from an operation with a target, and an array or a map', async () => {
    const places = operationInputs()
      .flatMap(({ name, api: { routing, signingName }, schema }) =>
        'target' in routing
          ? placesOf(schema).map((place) => ({ name, target: routing.target, signingName, place }))
          : [],
      )
      .filter(({ place }) => place.kind !== 'string');
    expect(new Set(places.map(({ signingName }) => signingName)).size).toBeGreaterThan(1);
    for (const { name, target: prefix, signingName, place } of places) {
      const [before, after] = JSON.stringify(place.inputWith('HERE')).split('"HERE"') as [string, string];
      for (const filling of fillings(place)) {
        const headers = { 'x-amz-target': `${prefix}.${name}` };
        const body = before + filling + after;
        const { status, text } = await service.send({ service: signingName, headers, body });
        expect({ name, path: place.path, status }).toEqual({ name, path: place.path, status: 400 });
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(ANSWER_BYTES);
      }
    }
  });

  test('from the data plane, which lists ten members', async () => {
    const body = JSON.stringify({
      PrimaryAccountNumber: 'x',
      ValidationData: 'x'.repeat(1_000_000),
      VerificationAttributes: {
        DynamicCardVerificationCode: {
          UnpredictableNumber: '',
          PanSequenceNumber: '',
          ApplicationTransactionCounter: '',
          TrackData: '',
        },
        DynamicCardVerificationValue: {
          PanSequenceNumber: '',
          CardExpiryDate: '',
          ServiceCode: '',
          ApplicationTransactionCounter: '',
        },
      },
    });
    const { status, json } = await service.send({ path: '/cardvalidationdata/verify', body });
    expect(status).toBe(400);
    expect(json['fieldList']).toHaveLength(MAX_FAULTS);
    expect(json['message']).toMatch(/^\d+ validation errors detected: .*; and \d+ more\.$/);
  });

  test.each([
    [
      'more Regions than any key has',
      { ReplicationRegions: many(201, () => 'eu-west-1') },
      '/ReplicationRegions must be at most 200 members long',
    ],
    ['the longest allowed list of wrong Regions', { ReplicationRegions: many(200, () => 'x') }, '; and '],
  ])('to %s', async (_, members, message) => {
    const body = JSON.stringify({ KeyIdentifier: 'alias/none', ...members });
    const { status, json } = await service.send({ headers: target('AddKeyReplicationRegions'), body });
    expect({ status, message: json['Message'] }).toEqual({
      status: 400,
      message: expect.stringContaining(message) as unknown,
    });
  });

  test('to a policy that is nested deeper than any valid policy', async () => {
    const body = `{"Statement":${'['.repeat(9000)}${']'.repeat(9000)}}`;
    const { status, json } = await service.send({ method: 'PUT', path: '/admin/users/a/policies/b', body });
    expect({ status, message: json['message'] }).toEqual({
      status: 400,
      message: 'The request body is nested more than 64 levels deep.',
    });
  });
});

describe('the audit event of a refused call is short', () => {
  const filled = 'x'.repeat(1_000_000);
  test.each([
    ['a policy', 'PUT', '/admin/users/a/policies/b', { Statement: [filled] }],
    ['the name of a policy element', 'PUT', '/admin/users/a/policies/b', { Statement: { [filled]: '' } }],
    [
      'the context of a decision',
      'POST',
      '/admin/explain',
      {
        Principal: 'x',
        Action: 'x',
        Resource: 'x',
        Context: Object.fromEntries(many(20, (i) => [`k${i}`, many(24, () => 'x'.repeat(2048))])),
      },
    ],
  ])('even if the body is filled with %s', async (_, method, path, body) => {
    const { status } = await service.send({ method, path, body: JSON.stringify(body) });
    expect(status).toBe(400);
    await service.app.get(AuditLog).flush();
    const [row] = await service.app
      .get(DataSource)
      .query<{ length: number }[]>('SELECT max(length(event::text)) AS length FROM audit_events');
    expect(row?.length).toBeLessThanOrEqual(EVENT_CHARACTERS);
  });
});
