import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

export const CREDENTIALS = { accessKeyId: 'AKIABENCHMARKBENCHMA', secretAccessKey: 'benchmark-benchmark-benchmark' };
const signer = new SignatureV4({
  credentials: CREDENTIALS,
  region: 'us-east-1',
  service: 'payment-cryptography',
  sha256: Sha256,
});

/**
 * Builds the bytes of a data plane request as sent over the wire. The signature is valid for five minutes.
 *
 * @param {number} port
 * @param {(call:  object) => Promise<{ path: string, input: object }>} prepare one of OPERATIONS
 */
export async function prepareRequest(port, prepare) {
  const call = {
    key: (...attributes) => createKey(port, ...attributes),
    data: (path, input) => callData(port, path, input),
  };
  return requestOf(port, await prepare(call));
}

/** Creates a key. @returns {Promise<string>} its ARN */
async function createKey(port, usage, algorithm, ...modes) {
  const input = {
    Exportable: false,
    KeyAttributes: {
      KeyUsage: `TR31_${usage}`,
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: algorithm,
      KeyModesOfUse: Object.fromEntries(modes.map((mode) => [mode, true])),
    },
  };
  const target = { 'x-amz-target': 'PaymentCryptographyControlPlane.CreateKey' };
  const { Key } = await answer(
    port,
    await sign(port, '/', input, { 'content-type': 'application/x-amz-json-1.0', ...target }),
  );
  return Key.KeyArn;
}

async function callData(port, path, input) {
  return answer(port, await sign(port, path, input, { 'content-type': 'application/json' }));
}

async function answer(port, { path, method, headers, body }) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

async function requestOf(port, { path, input }) {
  const { method, headers, body } = await sign(port, path, input, { 'content-type': 'application/json' });
  const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function sign(port, path, input, headers) {
  return signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: {},
    headers: { host: `127.0.0.1:${port}`, ...headers },
    body: JSON.stringify(input),
  });
}
