import { useService } from '../../../support/api.js';
import { importKeys, type KeyImports } from '../../../support/import.js';
import as2805 from '../../../vectors/as2805-exchange.json' with { type: 'json' };

const service = useService();
let imports: KeyImports;
beforeAll(async () => {
  imports = await importKeys(service);
});

const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const pek = async (clear: string) => {
  const algorithm = clear.length === 32 ? ('TDES_2KEY' as const) : ('TDES_3KEY' as const);
  return (await imports.importKey({ clear, usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm, modes: CIPHER })).KeyArn;
};
const translate = async (body: object) =>
  (await service.send({ path: '/pindata/translate', body: JSON.stringify(body) })).json;

const vectors = as2805.vectors.filter(({ operation }) => operation.startsWith('TranslatePinData')) as unknown as {
  id: string;
  inputs: Record<
    | 'pinProtectionKey'
    | 'systemTraceAuditNumber'
    | 'transactionAmount'
    | 'primaryAccountNumber'
    | 'encryptedPinBlock'
    | 'outgoingKey',
    string
  >;
  expected: { pinBlock: string };
}[];

async function request({ inputs }: (typeof vectors)[number], incoming: object): Promise<object> {
  return {
    IncomingKeyIdentifier: await pek(inputs.pinProtectionKey),
    OutgoingKeyIdentifier: await pek(inputs.outgoingKey),
    IncomingTranslationAttributes: incoming,
    OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: inputs.primaryAccountNumber } },
    IncomingAs2805Attributes: {
      SystemTraceAuditNumber: inputs.systemTraceAuditNumber,
      TransactionAmount: inputs.transactionAmount,
    },
    EncryptedPinBlock: inputs.encryptedPinBlock,
  };
}

/** The request is that of AWS's user guide and sample client. */
test.each(vectors)(
  'translates $id: an incoming IsoFormat0 with IncomingAs2805Attributes is an AS 2805 block',
  async (vector) => {
    const { primaryAccountNumber: PrimaryAccountNumber } = vector.inputs;
    for (const format of ['IsoFormat0', 'As2805Format0'])
      expect(await translate(await request(vector, { [format]: { PrimaryAccountNumber } }))).toMatchObject({
        PinBlock: vector.expected.pinBlock,
      });
  },
);

test.each(['IsoFormat1', 'IsoFormat3', 'IsoFormat4'])('refuses %s with IncomingAs2805Attributes', async (format) => {
  const [vector] = vectors;
  const attributes = format === 'IsoFormat1' ? {} : { PrimaryAccountNumber: vector!.inputs.primaryAccountNumber };
  expect(await translate(await request(vector!, { [format]: attributes }))).toMatchObject({
    __type: 'ValidationException',
    message: expect.stringContaining('is allowed only with the incoming formats As2805Format0 and IsoFormat0'),
  });
});

test('refuses As2805Format0 without IncomingAs2805Attributes', async () => {
  const { primaryAccountNumber: PrimaryAccountNumber } = vectors[0]!.inputs;
  const complete = await request(vectors[0]!, { As2805Format0: { PrimaryAccountNumber } });
  expect(await translate({ ...complete, IncomingAs2805Attributes: undefined })).toMatchObject({
    __type: 'ValidationException',
    message: expect.stringContaining('IncomingAs2805Attributes is required'),
  });
});
