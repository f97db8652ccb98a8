import { toHex } from '../../src/crypto/bytes.js';
import {
  type ArqcTransaction,
  type ArqcWay,
  counterOf,
  cryptogramOf,
  paddedData,
} from '../../src/workbench/arqc-search.js';
import { type CardKeys, cryptogramKeys } from '../../src/workbench/emv-keys.js';
import { Tag } from '../components/tag.js';
import { Digits, Parts, Step, Steps } from './calculator.js';
import { checkValueOf } from './key-words.js';

/** The card's keys, as the first steps of a computation. */
export function CardKeySteps({ keys, way }: { keys: CardKeys; way: Pick<ArqcWay, 'psn' | 'majorKeyDerivation'> }) {
  const isOptionA = way.majorKeyDerivation === 'EMV_OPTION_A';
  return (
    <>
      {isOptionA ? (
        <Step title="PAN and sequence number, rightmost 16 digits">
          <Parts
            label="Diversification data"
            hues={[1, 4]}
            parts={[
              { name: 'PAN', digits: keys.diversification.slice(0, -2) },
              { name: 'Sequence', digits: keys.diversification.slice(-2) },
            ]}
          />
        </Step>
      ) : (
        <Step title="PAN and sequence number, hashed by SHA-1 and decimalized">
          <Digits value={keys.diversification} />
        </Step>
      )}
      <Step title={`ICC master key, option ${isOptionA ? 'A' : 'B'}`}>
        <Digits value={keys.iccKey} note={`check value ${checkValueOf('TDES', keys.iccKey)}`} />
      </Step>
      {keys.sessionInput.length === 0 ? (
        <Step title="No session key: the ICC master key computes the cryptogram">
          <span class="quiet small">Visa CVN 0A and American Express</span>
        </Step>
      ) : (
        <Step title="Session key">
          <Parts label="Diversification value of the session key" hues={[5, 2, 4]} parts={keys.sessionInput} />
          <p class="gap">
            <Digits value={keys.sessionKey} note={`check value ${checkValueOf('TDES', keys.sessionKey)}`} />
          </p>
        </Step>
      )}
    </>
  );
}

/** The steps that compute a cryptogram in one variant. @param arqc the card's, for comparison */
export function CryptogramSteps({ given, way, arqc }: { given: ArqcTransaction; way: ArqcWay; arqc?: Buffer }) {
  const { majorKeyDerivation, psn, scheme } = way;
  const keys = cryptogramKeys(given.issuerKey, { majorKeyDerivation, pan: given.pan, psn }, scheme, {
    atc: counterOf(given, way),
    un: given.un,
  });
  const cryptogram = cryptogramOf(given, way);
  return (
    <Steps>
      <CardKeySteps keys={keys} way={way} />
      <Step title={`Data padded by method ${way.padding}, then a retail MAC`}>
        <Digits value={paddedData(given, way)} />
        <p class="gap">
          <Digits value={cryptogram} />{' '}
          {arqc && (toHex(arqc) === toHex(cryptogram) ? <Tag tone="ok">Matches</Tag> : <Tag tone="bad">Differs</Tag>)}
        </p>
      </Step>
    </Steps>
  );
}
