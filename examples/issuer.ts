// An issuer. It assigns a PIN to a card, verifies PINs by PVV and by IBM 3624 offset, verifies a CVV2, and answers the
// card's chip. docs/examples.md shows the output.
import { ImportedKeys } from './support/keys.js';
import { ChipCard, Partner } from './support/outside.js';
import { connect } from './support/service.js';
import { check, refused, run, say, show } from './support/tell.js';

// Published test values, known to everyone: the card verification key with its card and CVV2, and the issuer master
// key.
const PAN = '4123456789012345';
const EXPIRY = '0225';
const CVK = 'CCCCDDDDEEEEFFFFAAAABBBBCCCCDDDD';
const CVV2 = '111';
const IMK = '0123456789ABCDEFFEDCBA9876543210';

// Made-up keys.
const NETWORK_PEK = '7D2F94B61AC8E35068BFD50E4392A71C';
const VISA_PVK = '94D931E9F78AEC5B760DA880379B38EA';
const IBM_PVK = '89C4B54F5773A725A4451F468CEF10F8';
const PIN = '1234';
const WRONG_PIN = '1243';

await run(async () => {
  const service = await connect();
  const { dataPlane } = service;
  console.log(`An issuer, with the service at ${service.url}.`);

  say('Importing keys: a KEK under RSA, then the working keys from the HSM that holds them now, in TR-31 key blocks.');
  await using keys = await ImportedKeys.underNewKek(service);
  const pek = await keys.import("Network's PIN key", { clear: NETWORK_PEK, usage: 'P0', mode: 'B' });
  const visaPvk = await keys.import('PIN key for PVV', { clear: VISA_PVK, usage: 'V2', mode: 'C' });
  const ibmPvk = await keys.import('PIN key for IBM 3624', { clear: IBM_PVK, usage: 'V1', mode: 'C' });
  const cvk = await keys.import('Card verification key', { clear: CVK, usage: 'C0', mode: 'C' });
  const imk = await keys.import('Issuer master key', { clear: IMK, usage: 'E0', mode: 'X' });

  say('The customer chooses a PIN at an ATM of the network (simulated), which sends it in a PIN block.');
  const network = new Partner({ pek: NETWORK_PEK });
  const pinBlock = network.encryptsPin(PIN, PAN);
  const wrongPinBlock = network.encryptsPin(WRONG_PIN, PAN);
  show('PAN', PAN);
  show(`PIN block of ${PIN}`, pinBlock);
  const ofCard = { EncryptionKeyIdentifier: pek, PrimaryAccountNumber: PAN, PinBlockFormat: 'ISO_FORMAT_0' };

  say(
    'PVV, the Visa method: GeneratePinData computes it, the issuer stores it, VerifyPinData checks a PIN against it.',
  );
  const { PinData: visa } = await dataPlane
    .generatePinData({
      ...ofCard,
      GenerationKeyIdentifier: visaPvk,
      GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock: pinBlock, PinVerificationKeyIndex: 1 } },
    })
    .promise();
  const pvv = visa.VerificationValue ?? '';
  show('PVV', pvv);
  const verifyPvv = (block: string) =>
    dataPlane
      .verifyPinData({
        ...ofCard,
        VerificationKeyIdentifier: visaPvk,
        VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: pvv } },
        EncryptedPinBlock: block,
      })
      .promise();
  await verifyPvv(pinBlock);
  show(`PIN ${PIN}`, 'is correct');
  await refused(`PIN ${WRONG_PIN}`, verifyPvv(wrongPinBlock), 'VerificationFailedException');

  say(
    'IBM 3624: the issuer stores the offset between the PIN and the natural PIN, which is derived from the account number.',
  );
  const ibm3624 = {
    DecimalizationTable: '0123456789012345',
    PinValidationData: PAN.slice(0, 12),
    PinValidationDataPadCharacter: 'F',
  };
  const { PinData: ibm } = await dataPlane
    .generatePinData({
      ...ofCard,
      GenerationKeyIdentifier: ibmPvk,
      GenerationAttributes: { Ibm3624PinOffset: { ...ibm3624, EncryptedPinBlock: pinBlock } },
    })
    .promise();
  const offset = ibm.PinOffset ?? '';
  show('Offset', offset);
  const verifyOffset = (block: string) =>
    dataPlane
      .verifyPinData({
        ...ofCard,
        VerificationKeyIdentifier: ibmPvk,
        VerificationAttributes: { Ibm3624Pin: { ...ibm3624, PinOffset: offset } },
        EncryptedPinBlock: block,
      })
      .promise();
  await verifyOffset(pinBlock);
  show(`PIN ${PIN}`, 'is correct');
  await refused(`PIN ${WRONG_PIN}`, verifyOffset(wrongPinBlock), 'VerificationFailedException');

  say('CVV2, printed on the card: GenerateCardValidationData, and VerifyCardValidationData for an online purchase.');
  const { ValidationData: cvv2 } = await dataPlane
    .generateCardValidationData({
      KeyIdentifier: cvk,
      PrimaryAccountNumber: PAN,
      GenerationAttributes: { CardVerificationValue2: { CardExpiryDate: EXPIRY } },
    })
    .promise();
  check('CVV2', cvv2, CVV2);
  const verifyCvv2 = (CardExpiryDate: string) =>
    dataPlane
      .verifyCardValidationData({
        KeyIdentifier: cvk,
        PrimaryAccountNumber: PAN,
        VerificationAttributes: { CardVerificationValue2: { CardExpiryDate } },
        ValidationData: cvv2,
      })
      .promise();
  await verifyCvv2(EXPIRY);
  show(`CVV2 with expiry ${EXPIRY}`, 'is correct');
  await refused('CVV2 with expiry 0226', verifyCvv2('0226'), 'VerificationFailedException');

  say(
    "The card's chip (simulated) requests authorization of a purchase. Its ARQC covers this data, padded by method 2:",
  );
  const atc = '001C';
  const card = new ChipCard(IMK, { pan: PAN, psn: '00' });
  // Amount, other amount, country, TVR, currency, date, type, unpredictable number, AIP, ATC, issuer application data.
  const data = '0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800';
  const { arqc, paddedData } = card.asksFor(data, atc);
  show('Transaction data', paddedData);
  show('ARQC', arqc);

  say('VerifyAuthRequestCryptogram verifies the ARQC and returns an ARPC over the response code 00.');
  const arc = '3030';
  const verifyArqc = (transactionData: string) =>
    dataPlane
      .verifyAuthRequestCryptogram({
        KeyIdentifier: imk,
        TransactionData: transactionData,
        AuthRequestCryptogram: arqc,
        MajorKeyDerivationMode: 'EMV_OPTION_A',
        SessionKeyDerivationAttributes: {
          EmvCommon: { PrimaryAccountNumber: PAN, PanSequenceNumber: '00', ApplicationTransactionCounter: atc },
        },
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: arc } },
      })
      .promise();
  const { AuthResponseValue: arpc = '' } = await verifyArqc(paddedData);
  show('ARPC', arpc);
  if (!card.accepts({ arqc, arpc, arc, atc })) throw new Error('The card does not accept the ARPC');
  show('The card', 'accepts it');
  const changed = verifyArqc(paddedData.replace('000000004000', '000000004001'));
  await refused('ARQC, another amount', changed, 'VerificationFailedException');
});
