import { DataSource } from 'typeorm';
import { pvv } from '../../../../src/crypto/pvv.js';
import { expectError } from '../../../support/api.js';
import { IBM_3624, P0, PAN, PEK, UNDECODABLE, usePins, V1, V2, VISA } from '../../../support/pin.js';
import * as oracle from '../../../support/pin-oracle.js';
import { type RawResponse, TestClock } from '../../../support/service.js';

const clock = new TestClock();
const limited = usePins({ KEYBLOCK_VERIFICATION_LIMIT: 'pan=3/1h,key=8/2h' }, clock);
const free = usePins();

const OTHER = '52839ECD0243FB26D3C1FE3243163283';
const TWO_HOURS_MS = 2 * 3600 * 1000;

/** The last account number; every test uses new ones. */
let last = 0;
const newPan = () => `400000${String(++last).padStart(9, '0')}9`;

async function verification({ key }: typeof limited, pan: string, more: object = {}) {
  return {
    VerificationKeyIdentifier: (await key(V2, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, PEK)).arn,
    VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: pvvOf(PEK, pan) } },
    EncryptedPinBlock: oracle.format0(PEK, '1234', pan),
    PrimaryAccountNumber: pan,
    PinBlockFormat: 'ISO_FORMAT_0',
    ...more,
  };
}
const pvvOf = (key: string, pan: string) =>
  pvv(Buffer.from(key, 'hex'), { pan, pvki: VISA.PinVerificationKeyIndex, pin: '1234' });
const wrong = (pan: string) => ({ EncryptedPinBlock: oracle.format0(PEK, '4321', pan) });
const unopenable = { EncryptedPinBlock: '0123456789ABCDEF' };

const expectFailed = (response: RawResponse) =>
  expectError(response, { name: 'VerificationFailedException', message: 'Pin block verification failed.' });
const expectThrottled = (response: RawResponse) =>
  expectError(response, {
    name: 'ThrottlingException',
    status: 429,
    message: /^Too many failed verifications with this key or account number\./,
  });
/** Moves the clock to the next window of either limit. */
const nextWindow = () => {
  clock.advance(TWO_HOURS_MS - (clock.now().getTime() % TWO_HOURS_MS));
};

/** Returns the value of a series in the metrics. */
async function failures({ service }: typeof limited, operation: string, reason: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const series = `keyblock_failed_verifications_total{operation="${operation}",reason="${reason}"} `;
  const line = text.split('\n').find((one) => one.startsWith(series));
  return Number(line?.slice(series.length) ?? 0);
}

// The SDKs sign by the real clock, so keys are imported before the service's clock is moved.
beforeAll(async () => {
  for (const clear of [PEK, OTHER]) for (const usage of [P0, V1, V2] as const) await limited.key(usage, clear);
});
beforeEach(nextWindow);

describe('beyond the limit for an account number', () => {
  test('even the right PIN is refused, until the window ends', async () => {
    const { post, expectOk } = limited;
    const pan = newPan();
    for (let i = 0; i < 3; i++)
      expectFailed(await post('pindata/verify', await verification(limited, pan, wrong(pan))));
    expectThrottled(await post('pindata/verify', await verification(limited, pan)));
    expectThrottled(await post('pindata/verify', await verification(limited, pan, wrong(pan))));

    await expectOk('pindata/verify', await verification(limited, newPan()));
    nextWindow();
    await expectOk('pindata/verify', await verification(limited, pan));
  });

  test('a successful verification neither counts as a failure nor resets the count', async () => {
    const { post, expectOk } = limited;
    const pan = newPan();
    for (let i = 0; i < 3; i++) {
      await expectOk('pindata/verify', await verification(limited, pan));
      expectFailed(await post('pindata/verify', await verification(limited, pan, wrong(pan))));
    }
    expectThrottled(await post('pindata/verify', await verification(limited, pan)));
  });

  test('digits other than the 11 before the check digit do not make another account number', async () => {
    const { post } = limited;
    const pan = newPan();
    for (const same of [`${pan.slice(0, -1)}0`, `5999${pan.slice(4)}`, `123${pan}`])
      expectFailed(await post('pindata/verify', await verification(limited, same, wrong(same))));
    expectThrottled(await post('pindata/verify', await verification(limited, pan)));
  });

  test('the validation data of an IBM 3624 offset counts, whatever the PAN is', async () => {
    const { post, key } = limited;
    const VerificationKeyIdentifier = (await key(V1, PEK)).arn;
    const guess = async (PinValidationData: string) =>
      post('pindata/verify', {
        ...(await verification(limited, newPan())),
        VerificationKeyIdentifier,
        VerificationAttributes: {
          Ibm3624Pin: { ...IBM_3624, PinValidationData, PinValidationDataPadCharacter: '0', PinOffset: '0000' },
        },
      });
    for (const same of ['54321', '543210', '5432100000000000']) expectFailed(await guess(same));
    expectThrottled(await guess('54321'));
    expectFailed(await guess('543211'));
  });

  test('blocks without a PIN count in every operation that opens blocks', async () => {
    const { post, key, expectInvalid } = limited;
    const pan = newPan();
    const pek = (await key(P0, PEK)).arn;
    const IsoFormat0 = { PrimaryAccountNumber: pan };
    const translation = {
      IncomingKeyIdentifier: pek,
      OutgoingKeyIdentifier: pek,
      IncomingTranslationAttributes: { IsoFormat0 },
      OutgoingTranslationAttributes: { IsoFormat0 },
      EncryptedPinBlock: '0123456789ABCDEF',
    };
    const generation = {
      GenerationKeyIdentifier: (await key(V2, PEK)).arn,
      EncryptionKeyIdentifier: pek,
      GenerationAttributes: { VisaPinVerificationValue: { ...VISA, ...unopenable } },
      PrimaryAccountNumber: pan,
      PinBlockFormat: 'ISO_FORMAT_0',
    };
    await expectInvalid('pindata/verify', await verification(limited, pan, unopenable), UNDECODABLE);
    await expectInvalid('pindata/translate', translation, UNDECODABLE);
    await expectInvalid('pindata/generate', generation, UNDECODABLE);
    for (const [path, input] of [
      ['pindata/translate', translation],
      ['pindata/generate', generation],
      ['pindata/verify', await verification(limited, pan)],
    ] as const)
      expectThrottled(await post(path, input));
  });

  test('concurrent guesses are throttled, too', async () => {
    const { post } = limited;
    const pan = newPan();
    const input = await verification(limited, pan, wrong(pan));
    const answers = await Promise.all(Array.from({ length: 30 }, () => post('pindata/verify', input)));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(27);
  });
});

describe('beyond the limit for a key', () => {
  test('every account number is refused, but other keys are served', async () => {
    const { post, key, expectOk } = limited;
    for (let i = 0; i < 8; i++) {
      const pan = newPan();
      expectFailed(await post('pindata/verify', await verification(limited, pan, wrong(pan))));
    }
    const pan = newPan();
    expectThrottled(await post('pindata/verify', await verification(limited, pan)));
    const otherKeys = {
      VerificationKeyIdentifier: (await key(V2, OTHER)).arn,
      EncryptionKeyIdentifier: (await key(P0, OTHER)).arn,
      EncryptedPinBlock: oracle.format0(OTHER, '1234', pan),
      VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: pvvOf(OTHER, pan) } },
    };
    await expectOk('pindata/verify', await verification(limited, pan, otherKeys));
  });
});

describe('the counts of failures', () => {
  test('contain no account number, and neither does the log', async () => {
    const { post, service } = limited;
    const pan = newPan();
    for (let i = 0; i < 3; i++) await post('pindata/verify', await verification(limited, pan, wrong(pan)));
    const database = await new DataSource({ type: 'postgres', url: service.store.env.DATABASE_URL }).initialize();
    const rows = await database.query<{ subject: string }[]>('SELECT subject FROM verification_failures');
    await database.destroy();
    const subjects = rows.map(({ subject }) => subject);
    expect(subjects.filter((subject) => !/^(?:pan:[0-9a-f]{64}|key:arn:aws:[^ ]+)$/.test(subject))).toEqual([]);
    expect(subjects.length).toBeGreaterThan(0);
    const log = JSON.stringify(service.log);
    expect(log).toContain('an account number has reached the limit of failed verifications');
    expect(log).not.toContain(pan);
  });

  test.each([
    ['VerifyPinData', 'INVALID_PIN', 'pindata/verify', async () => verification(free, PAN, wrong(PAN))],
    ['VerifyPinData', 'INVALID_PIN_BLOCK', 'pindata/verify', async () => verification(free, PAN, unopenable)],
    [
      'TranslatePinData',
      'DIFFERENT_PAN',
      'pindata/translate',
      async () => {
        const { arn } = await free.key(P0, PEK);
        return {
          IncomingKeyIdentifier: arn,
          OutgoingKeyIdentifier: arn,
          IncomingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: PAN } },
          OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: newPan() } },
          EncryptedPinBlock: oracle.format0(PEK, '1234', PAN),
        };
      },
    ],
    [
      'VerifyMac',
      'INVALID_MAC',
      'mac/verify',
      async () => ({
        KeyIdentifier: (await free.key('TR31_M6_ISO_9797_5_CMAC_KEY', PEK, 'AES', ['Generate', 'Verify'])).arn,
        MessageData: '00'.repeat(16),
        Mac: '0'.repeat(32),
        VerificationAttributes: { Algorithm: 'CMAC' },
      }),
    ],
    [
      'VerifyCardValidationData',
      'INVALID_VALIDATION_DATA',
      'cardvalidationdata/verify',
      async () => ({
        KeyIdentifier: (await free.key('TR31_C0_CARD_VERIFICATION_KEY', PEK)).arn,
        PrimaryAccountNumber: PAN,
        VerificationAttributes: { CardVerificationValue2: { CardExpiryDate: '1230' } },
        ValidationData: '0000',
      }),
    ],
    [
      'VerifyAuthRequestCryptogram',
      'INVALID_AUTH_REQUEST_CRYPTOGRAM',
      'cryptogram/verify',
      async () => ({
        KeyIdentifier: (await free.key('TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', PEK)).arn,
        TransactionData: '00'.repeat(16),
        AuthRequestCryptogram: '0'.repeat(16),
        MajorKeyDerivationMode: 'EMV_OPTION_A',
        SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: PAN, PanSequenceNumber: '00' } },
      }),
    ],
  ])('are metrics of %s even without a limit: %s', async (operation, reason, path, input) => {
    const before = await failures(free, operation, reason);
    for (let i = 0; i < 5; i++) expect((await free.post(path, await input())).status).toBe(400);
    expect(await failures(free, operation, reason)).toBe(before + 5);
  });
});
