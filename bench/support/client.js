import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

/** Credentials of the account's root user. */
export const CREDENTIALS = { accessKeyId: 'AKIABENCHMARKBENCHMA', secretAccessKey: 'benchmark-benchmark-benchmark' };
const signerOf = (credentials, service = 'payment-cryptography') =>
  new SignatureV4({ credentials, region: 'us-east-1', service, sha256: Sha256 });
const root = signerOf(CREDENTIALS);

/** A policy like that of a payment application: three statements, two of them with a condition. */
const POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['payment-cryptography:Get*', 'payment-cryptography:List*'], Resource: '*' },
    {
      Effect: 'Deny',
      Action: 'payment-cryptography:*',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: 'payment-cryptography:*',
      Resource: 'arn:aws:payment-cryptography:us-east-1:*:key/*',
      Condition: { IpAddress: { 'aws:SourceIp': ['127.0.0.0/8', '10.0.0.0/8'] } },
    },
  ],
};

/** The default key policy of KMS leaves the decision to this one. */
const KMS_POLICY = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] };

/** Creates a user with a policy. @returns {Promise<typeof CREDENTIALS>} an access key of the user */
export async function createUser(port, name) {
  const admin = async (method, path, body) => {
    const { status, text } = await callSigned(port, { method, path: `/admin/${path}`, body: JSON.stringify(body) });
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  await admin('POST', 'users', { Name: name });
  await admin('PUT', `users/${name}/policies/payments`, POLICY);
  await admin('PUT', `users/${name}/policies/kms`, KMS_POLICY);
  const { AccessKeyId, SecretAccessKey } = await admin('POST', `users/${name}/access-keys`, {});
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
}

/**
 * Builds the bytes of a data plane request as sent over the wire. The signature is valid for five minutes.
 *
 * @param {number} port
 * @param {(call:  object) => Promise<{ path: string, input: object }>} prepare one of OPERATIONS; it may return the
 *   credentials of an API that has its own
 * @param {typeof CREDENTIALS} [credentials] that sign the request; it is prepared with those of the root
 * @param {NodeJS.ProcessEnv}  [env]         the environment of the service, for commands
 */
export async function prepareRequest(port, prepare, credentials, env) {
  const call = {
    key: (...attributes) => createKey(port, ...attributes),
    data: (path, input) => callData(port, path, input),
    kms: (operation, input) => callKms(port, operation, input),
    keyblock: (...args) => keyblock(env, args),
  };
  return requestOf(port, await prepare(call), credentials && signerOf(credentials));
}

/** Runs the command `keyblock`. @returns {Promise<string>} its output */
async function keyblock(env, args) {
  const command = fileURLToPath(import.meta.resolve('../../bin/keyblock.js'));
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args], { env });
  return stdout.trim();
}

/** Creates a key; a pair for an RSA algorithm. @returns {Promise<string>} its ARN */
export async function createKey(port, usage, algorithm, ...modes) {
  const input = {
    Exportable: false,
    KeyAttributes: {
      KeyUsage: `TR31_${usage}`,
      KeyClass: algorithm.startsWith('RSA') ? 'ASYMMETRIC_KEY_PAIR' : 'SYMMETRIC_KEY',
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

async function callKms(port, operation, input) {
  return answer(port, await sign(port, '/', input, kmsHeaders(operation), root, 'kms'));
}

const kmsHeaders = (operation) => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `TrentService.${operation}`,
});

async function answer(port, { path, method, headers, body }) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/** Sends a signed request. @returns {Promise<{ status: number, text: string }>} */
export async function callSigned(port, { method, path, body }) {
  const request = {
    method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: {},
    headers: {
      host: `127.0.0.1:${port}`,
      'content-type': 'application/json',
      'x-amz-content-sha256': hash('sha256', body),
    },
    body,
  };
  const signingService = path.startsWith('/TrentService/') ? 'kms' : 'payment-cryptography';
  const { headers } = await root.sign(request, { signingService });
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: body || undefined });
  return { status: response.status, text: await response.text() };
}

/**
 * Builds the bytes of a request as sent over the wire. The signature is valid for five minutes.
 *
 * @param {number} port
 * @param {object} call
 * @param {string} call.path
 * @param {object} call.input
 * @param {string} [call.operation] of the control plane, whose path is `/`
 * @param {string} [call.kms]       operation of KMS, whose path is `/`
 * @param {typeof CREDENTIALS} [call.xks] credential of the XKS proxy, if the path is one of its calls
 */
export async function requestOf(port, { path = '/', input, operation, kms, xks }, signer = root) {
  const { method, headers, body } = kms
    ? await sign(port, path, input, kmsHeaders(kms), signer, 'kms')
    : await sign(port, path, input, paymentHeaders(operation), ...(xks ? [signerOf(xks), 'kms-xks-proxy'] : [signer]));
  const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

const paymentHeaders = (operation) => ({
  'content-type': `application/${operation ? 'x-amz-json-1.0' : 'json'}`,
  ...(operation && { 'x-amz-target': `PaymentCryptographyControlPlane.${operation}` }),
});

function sign(port, path, input, headers, signer = root, signingService = 'payment-cryptography') {
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: {},
    headers: { host: `127.0.0.1:${port}`, ...headers },
    body: JSON.stringify(input),
  };
  return signer.sign(request, { signingService });
}
