import { CreateKeyCommand, type KeyUsage } from '@aws-sdk/client-payment-cryptography';
import { cutListeners, type Node, useNodes } from '../../../support/nodes.js';

const shared = useNodes({ KEYBLOCK_VERIFICATION_LIMIT: 'pan=4/24h' });

/** Generates a PIN, and returns the input that verifies it. */
async function verification(pan: string) {
  const [{ controlPlane, dataPlane }] = shared.nodes;
  const create = async (KeyUsage: KeyUsage, modes: readonly string[]) => {
    const KeyModesOfUse = Object.fromEntries(modes.map((mode) => [mode, true]));
    const KeyAttributes = { KeyUsage, KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm: 'TDES_2KEY', KeyModesOfUse } as const;
    const { Key } = await controlPlane.send(new CreateKeyCommand({ KeyAttributes, Exportable: false }));
    return Key!.KeyArn!;
  };
  const pvk = await create('TR31_V2_VISA_PIN_VERIFICATION_KEY', ['Generate', 'Verify']);
  const pek = await create('TR31_P0_PIN_ENCRYPTION_KEY', ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap']);
  const of = { EncryptionKeyIdentifier: pek, PrimaryAccountNumber: pan, PinBlockFormat: 'ISO_FORMAT_0' };
  const { EncryptedPinBlock, PinData } = await dataPlane
    .generatePinData({
      ...of,
      GenerationKeyIdentifier: pvk,
      GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: 1 } },
    })
    .promise();
  const right = PinData.VerificationValue!;
  return (VerificationValue = right) => ({
    ...of,
    VerificationKeyIdentifier: pvk,
    EncryptedPinBlock,
    VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue } },
    wrong: String((Number(right) + 1) % 10_000).padStart(4, '0'),
  });
}

type Input = Awaited<ReturnType<typeof verification>>;

/** Verifies a PIN on a node. @returns `ok`, or the name of the exception */
async function outcome({ dataPlane }: Node, { wrong: _, ...input }: ReturnType<Input>): Promise<string> {
  return dataPlane
    .verifyPinData(input)
    .promise()
    .then(
      () => 'ok',
      (error: unknown) => (error as { code: string }).code,
    );
}

test('failures on all nodes count together, and all nodes refuse further attempts', async () => {
  const input = await verification('4000001234567899');
  const [one, other] = shared.nodes;
  for (const node of [one, other, one, other])
    expect(await outcome(node, input(input().wrong))).toBe('VerificationFailedException');
  // The node that counted the last failure announces it.
  expect(await outcome(other, input())).toBe('ThrottlingException');
  let answer = await outcome(one, input());
  while (answer === 'ok') answer = await outcome(one, input());
  expect(answer).toBe('ThrottlingException');
});

test('a node that missed the announcement refuses once it listens again, and any further failure at once', async () => {
  const input = await verification('4000001234567907');
  const [one, other] = shared.nodes;
  await cutListeners(shared.database);
  for (let i = 0; i < 4; i++) expect(await outcome(one, input(input().wrong))).toBe('VerificationFailedException');
  expect(await outcome(other, input(input().wrong))).toBe('ThrottlingException');
  expect(await outcome(other, input())).toBe('ThrottlingException');

  const second = await verification('4000001234567915');
  await cutListeners(shared.database);
  for (let i = 0; i < 4; i++) expect(await outcome(one, second(second().wrong))).toBe('VerificationFailedException');
  let answer = await outcome(other, second());
  while (answer === 'ok') answer = await outcome(other, second());
  expect(answer).toBe('ThrottlingException');
});
