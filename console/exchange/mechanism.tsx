import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { hrefOf } from '../router.js';
import { Check } from './fields.js';
import { abilities } from './protocol.js';

/** Exchange methods that an HSM may support, the best first, and the steps that follow from each. */
const MECHANISMS = [
  {
    ability: 'TR-34 with certificates',
    title: 'Send a key-encryption key by TR-34, then key blocks under it',
    words:
      'Both sides are authenticated by certificates, and nobody holds a component. It can transport TDES and AES-128 keys; for AES-256, agree on a key by ECDH.',
    kind: 'tr34',
  },
  {
    ability: 'ECDH with certificates',
    title: 'Agree on a key by ECDH, and wrap key blocks under it',
    words:
      'No secret is sent. P-521 is strong enough for AES-256. Both sides must use the same derivation and shared information.',
    kind: 'ecdh',
  },
  {
    ability: 'TR-31 under an AES key that both sides hold',
    title: 'Exchange key blocks of version D',
    words:
      'The header restricts the key’s use, and the MAC protects the header. The first key still has to be exchanged by another method.',
    kind: 'block',
  },
  {
    ability: 'TR-31 under a TDES key that both sides hold',
    title: 'Exchange key blocks of version B',
    words:
      'For TDES keys only: an AES key must not be wrapped under a TDES key. Plan to migrate to an AES key-encryption key.',
    kind: 'block',
  },
  {
    ability: 'RSA-OAEP',
    title: 'Send the key-encryption key under RSA',
    words:
      'A key without a header: you agree on usage and modes on paper, and only the check value shows that it is the right key.',
    kind: 'rsa',
  },
] as const;

export function Mechanism() {
  const [best, ...others] = MECHANISMS.filter(({ ability }) => abilities.value.includes(ability));
  return (
    <div class="cols form">
      <Sheet title="What does the partner’s HSM support?">
        <fieldset class="body plain">
          <legend class="vh">Abilities</legend>
          {MECHANISMS.map(({ ability }) => (
            <p class="field" key={ability}>
              <Check
                label={ability}
                checked={abilities.value.includes(ability)}
                onInput={(checked) =>
                  (abilities.value = checked
                    ? [...abilities.value, ability]
                    : abilities.value.filter((each) => each !== ability))
                }
              />
            </p>
          ))}
          <p class="hint">Ask for the firmware version and the list of commands, not for the data sheet.</p>
        </fieldset>
      </Sheet>
      {best ? (
        <section class="sheet">
          <div class="verdict" role="status">
            <h2>{best.title}</h2>
            <p>{best.words}</p>
            <p>
              <a href={hrefOf(['keys', 'import'], { kind: best.kind })}>Import a key this way</a>. To send one, open it
              and choose Export.
            </p>
          </div>
          {others.length > 0 && (
            <ul class="items plain">
              {others.map(({ ability, title, words }) => (
                <li key={ability}>
                  <div>
                    <h3>{title}</h3>
                    <p>{words}</p>
                  </div>
                </li>
              ))}
            </ul>
          )}
        </section>
      ) : (
        <Sheet title="Mechanism">
          <Empty title="Nothing chosen yet">
            <p>
              Select what it supports. Components on paper are the last resort: combine them in an HSM, and import the
              key from there.
            </p>
          </Empty>
        </Sheet>
      )}
    </div>
  );
}
