import { TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { DEPLOYMENT } from '../deployment.js';
import { keyId } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { identity, region } from '../session.js';
import { principalWords, timeWords } from '../words.js';
import { partner, protocol } from './protocol.js';

/** The record of the exchange as a page to sign. */
export function ExchangeRecord() {
  const entries = protocol.value;
  return (
    <Sheet
      title="Record of the exchange"
      aside={
        <button type="button" class="btn slim" onClick={() => print()}>
          Print
        </button>
      }
    >
      <div class="body">
        <TextField
          label="Partner"
          value={partner.value}
          onInput={(name) => (partner.value = name)}
          hint="For the printed page."
        />
        <dl class="defs">
          <dt>By</dt>
          <dd>{identity.value && principalWords(identity.value.arn)}</dd>
          <dt>Account</dt>
          <dd>
            {DEPLOYMENT.accountId}, {region.value}
          </dd>
        </dl>
      </div>
      {entries.length === 0 ? (
        <Empty title="Nothing done in this tab yet">
          <p>
            Keys that you create, import and export here are listed with their check values and times. The audit log has
            them all.
          </p>
          <a href={hrefOf(['audit'])}>Show the audit log</a>
        </Empty>
      ) : (
        <table class="table cards">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What</th>
              <th scope="col">Key</th>
              <th scope="col">Check value</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ time, what, keyArn, checkValue, method }) => (
              <tr key={time}>
                <td>{timeWords(time / 1000)}</td>
                <td class="wide">{what}</td>
                <td data-k="Key">
                  <code class="wrap">{keyId(keyArn)}</code>
                </td>
                <td data-k="Check value">
                  <code>{checkValue}</code> <small>{method}</small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="body signatures">
        <span>Date and signature, this side</span>
        <span>Date and signature, partner</span>
      </p>
    </Sheet>
  );
}
