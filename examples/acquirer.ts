// An acquirer. A terminal sends a PIN block and a message with a MAC, both under DUKPT. The acquirer verifies the MAC,
// translates the PIN to the network's key without seeing it, and forwards the message with a MAC under the network's
// key. docs/examples.md shows the output.
import { ImportedKeys } from './support/keys.js';
import { Partner, Terminal } from './support/outside.js';
import { connect } from './support/service.js';
import { check, refused, run, say, show } from './support/tell.js';

// Base derivation key and first key serial number of ANSI X9.24-1:2009 Annex A, which also prints the PIN block below.
const BDK = '0123456789ABCDEFFEDCBA9876543210';
const KSN = 'FFFF9876543210E00001';
const PAN = '4012345678909';
const PIN = '1234';
const PIN_BLOCK = '1B9C1845EB993A7A';

// Made-up keys.
const NETWORK_PEK = '7D2F94B61AC8E35068BFD50E4392A71C';
const NETWORK_MAC_KEY = '7A3DF1985E40B5C26D8023EF94A7C116';

await run(async () => {
  const service = await connect();
  const { dataPlane } = service;
  console.log(`An acquirer, with the service at ${service.url}.`);

  say('Importing keys: a KEK under RSA, then the terminal and network keys in TR-31 key blocks under the KEK.');
  await using keys = await ImportedKeys.underNewKek(service);
  const bdk = await keys.import('Base derivation key', { clear: BDK, usage: 'B0', mode: 'X' });
  const networkPek = await keys.import("Network's PIN key", { clear: NETWORK_PEK, usage: 'P0', mode: 'B' });
  const networkMacKey = await keys.import("Network's MAC key", { clear: NETWORK_MAC_KEY, usage: 'M3', mode: 'C' });

  say(
    'A cardholder enters a PIN at the terminal (simulated), which encrypts it and computes a MAC under keys for this sale only.',
  );
  const terminal = new Terminal({ bdk: BDK, ksn: KSN });
  const pinBlock = terminal.encryptsPin(PIN, PAN);
  const request = wholeBlocks(`0200 pan=${PAN} amount=000000012500 stan=000123 pin=${pinBlock}`);
  const requestMac = terminal.macs(request);
  show('Key serial number', KSN);
  check('Encrypted PIN block', pinBlock, PIN_BLOCK);
  show('Request', text(request));
  show('MAC', requestMac);

  say('The acquirer checks the MAC of the request: VerifyMac.');
  const requestKey = { KeySerialNumber: KSN, DukptKeyVariant: 'REQUEST', DukptDerivationType: 'TDES_2KEY' };
  const verifyRequest = (message: Buffer) =>
    dataPlane
      .verifyMac({
        KeyIdentifier: bdk,
        MessageData: message.toString('hex'),
        Mac: requestMac,
        VerificationAttributes: { DukptIso9797Algorithm3: requestKey },
      })
      .promise();
  await verifyRequest(request);
  show('The request', 'is what the terminal sent');
  const changed = wholeBlocks(text(request).replace('012500', '992500'));
  await refused('Another amount', verifyRequest(changed), 'VerificationFailedException');

  say(
    "The PIN is translated from the terminal's key to the network's and never leaves the service in the clear: TranslatePinData.",
  );
  const { PinBlock: networkPinBlock } = await dataPlane
    .translatePinData({
      IncomingKeyIdentifier: bdk,
      OutgoingKeyIdentifier: networkPek,
      IncomingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: PAN } },
      OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: PAN } },
      IncomingDukptAttributes: { KeySerialNumber: KSN, DukptKeyDerivationType: 'TDES_2KEY' },
      EncryptedPinBlock: pinBlock,
    })
    .promise();
  show("Under the terminal's key", pinBlock);
  show("Under the network's key", networkPinBlock);

  say("The message is forwarded to the network, with a MAC under the network's key: GenerateMac.");
  const forwarded = Buffer.from(text(request).replace(pinBlock, networkPinBlock));
  const { Mac: networkMac } = await dataPlane
    .generateMac({
      KeyIdentifier: networkMacKey,
      MessageData: forwarded.toString('hex'),
      GenerationAttributes: { Algorithm: 'ISO9797_ALGORITHM3' },
      MacLength: 8,
    })
    .promise();
  show('Request', text(forwarded));
  show('MAC', networkMac);

  say('The network (simulated) decrypts the PIN block and computes the MAC itself.');
  const network = new Partner({ pek: NETWORK_PEK, macKey: NETWORK_MAC_KEY });
  check('PIN', network.decryptsPin(networkPinBlock, PAN), PIN);
  check('MAC', network.macs(forwarded), networkMac);

  say(
    'The sale is approved. The response to the terminal has a MAC under the response key of the same sale: GenerateMac.',
  );
  const response = wholeBlocks('0210 stan=000123 response=00');
  const { Mac: responseMac } = await dataPlane
    .generateMac({
      KeyIdentifier: bdk,
      MessageData: response.toString('hex'),
      GenerationAttributes: { DukptIso9797Algorithm3: { ...requestKey, DukptKeyVariant: 'RESPONSE' } },
      MacLength: 8,
    })
    .promise();
  show('Response', text(response));
  show('MAC', responseMac);
  if (!terminal.accepts(response, responseMac)) throw new Error('The terminal does not accept the response');
  show('The terminal', 'accepts it');
});

/** Pads a message with spaces to whole blocks of 8 bytes, for a MAC under DUKPT. */
function wholeBlocks(message: string): Buffer {
  return Buffer.from(message.padEnd(8 * Math.ceil(message.length / 8)));
}

function text(message: Buffer): string {
  return message.toString().trimEnd();
}
