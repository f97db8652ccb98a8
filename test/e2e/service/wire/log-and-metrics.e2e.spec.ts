import { useService } from '../../../support/api.js';
import { exchange } from '../../../support/exchange.js';
import { sendUnsigned, target } from '../../../support/service.js';

const service = useService();

const ARN = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/aaaaaaaaaaaaaaaa';

describe('log and metrics', () => {
  test('a call writes one log record, without any of its body', async () => {
    const secret = '5413330089020011';
    const request = { KeyIdentifier: ARN, MessageData: secret, GenerationAttributes: { Algorithm: 'CMAC' } };
    const { headers } = await service.send({ path: '/mac/generate', body: JSON.stringify(request) });
    const requestId = headers.get('x-amzn-requestid');
    const lines = service.log.filter((line) => line['requestId'] === requestId);
    expect(lines).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        service: 'keyblock',
        requestId,
        api: 'payment-cryptography',
        operation: 'GenerateMac',
        keyArns: [],
        principal: 'arn:aws:iam::000000000000:root',
        outcome: 'ResourceNotFoundException',
        status: 404,
        durationMs: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(service.log)).not.toContain(secret);
  });

  test('a request that the router rejects writes one log record, too', async () => {
    const before = service.log.length;
    await exchange(service.url, 'GET /%zz HTTP/1.1\r\nhost: keyblock\r\n\r\n');
    expect(service.log.slice(before)).toMatchObject([
      { operation: 'unknown', outcome: 'UnknownOperationException', status: 404 },
    ]);
  });

  test('metrics count calls by operation and outcome', async () => {
    await service.send({ headers: target('ListKeys') });
    const { text } = await sendUnsigned(`${service.url}/metrics`, {});
    expect(text).toMatch(
      /keyblock_requests_total\{service="payment-cryptography",operation="ListKeys",outcome="ok"\} \d+/,
    );
    expect(text).toMatch(
      /keyblock_requests_total\{service="payment-cryptography",operation="unknown",outcome="UnknownOperationException"\} \d+/,
    );
    expect(text).toMatch(
      /keyblock_request_duration_seconds_bucket\{le="0.001",service="payment-cryptography",operation="ListKeys",outcome="ok"\} \d+/,
    );
    expect(text).toMatch(/process_resident_memory_bytes \d+/);
  });
});
