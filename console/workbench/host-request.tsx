import { useState } from 'preact/hooks';
import { LAYOUTS } from '../../src/hostcommands/layouts/layouts.js';
import { shown, unescaped } from '../../src/hostcommands/layouts/message-text.js';
import { readRequest } from '../../src/hostcommands/layouts/messages.js';
import type { FieldSettings } from '../../src/hostcommands/layouts/request-fields.js';
import { Copy } from '../components/copy.js';
import { Choice, TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { count } from '../words.js';
import { Result, Verdict } from './calculator.js';
import { grouped } from './hex.js';
import { AsSent, capital, headerLengthOf, type HostValues, MessageFields, messageOf } from './host-message.js';
import { Incomplete, type Inputs, outcomeOf } from './inputs.js';
import { quoted } from './shell.js';

const CODE_BYTES = 2;
const LMKS = [
  ['variant', 'Variant LMK'],
  ['keyblock', 'Key block LMK'],
] as const;
const HEX_LENGTHS = [
  ['characters', 'Characters'],
  ['bytes', 'Bytes'],
  ['auto', 'Either'],
] as const;

/** Begins a message with the code of a command. */
export function CommandChoice({ values, change }: Inputs<HostValues>) {
  const outcome = outcomeOf(() => readOf(values));
  const code = 'value' in outcome ? (outcome.value.layout?.code ?? '') : '';
  return (
    <Choice
      label="Command"
      value={code}
      onInput={(next) => change({ request: begun(values, next) })}
      options={[['', 'Choose one to begin a message'], ...LAYOUTS.map((each) => optionOf(each))]}
    />
  );
}

/** Settings of the listener that decide how a request is read. */
export function ListenerFields({ values, set, change }: Inputs<HostValues>) {
  return (
    <>
      <div class="pair">
        <Choice
          label="LMK"
          value={values.lmk}
          onInput={(lmk) => change({ lmk: lmk as HostValues['lmk'] })}
          options={LMKS}
        />
        {values.lmk === 'variant' && (
          <TextField
            label="Longest PIN under it"
            mono
            value={values.pinLength}
            onInput={set('pinLength')}
            hint="4 to 12 digits."
          />
        )}
      </div>
      <Choice
        label="Lengths of hexadecimal data count"
        value={values.hexLength}
        onInput={(hexLength) => change({ hexLength: hexLength as HostValues['hexLength'] })}
        options={HEX_LENGTHS}
      />
    </>
  );
}

function optionOf({ code, title }: { code: string; title: string }) {
  return [code, `${code}  ${title}`] as const;
}

/** Returns a message with a header of zeros and the code of a command; empty for none. */
function begun(values: HostValues, code: string): string {
  const outcome = outcomeOf(() => headerLengthOf(values));
  return code === ''
    ? ''
    : written(values, Buffer.from(`${'0'.repeat('value' in outcome ? outcome.value : 0)}${code}`));
}

/** Returns a message in the form in which it is typed. */
function written({ form }: HostValues, message: Buffer): string {
  return form === 'text' ? shown(message) : grouped(message.toString('hex'));
}

function settingsOf({ lmk, pinLength, hexLength }: HostValues): FieldSettings {
  const digits = Number(pinLength);
  if (!/^\d{1,2}$/.test(pinLength) || digits < 4 || digits > 12)
    throw new Incomplete('the longest PIN under the LMK, 4 to 12 digits');
  const shape = { scheme: lmk, pinLength: digits };
  // A message may name any LMK.
  const ids = Array.from({ length: 100 }, (_, id) => [String(id).padStart(2, '0'), shape] as const);
  return { lmks: new Map(ids), defaultLmk: '00', hexLength, takesKeyNames: true };
}

function readOf(values: HostValues) {
  const message = messageOf(values, 'request', CODE_BYTES);
  const headerLength = headerLengthOf(values);
  const read = (bytes: Buffer) => readRequest(bytes, headerLength, settingsOf(values));
  return { message, headerLength, read, ...read(message) };
}

/** A request: whether a listener would take it, its fields, and fields for changing and completing it. */
export function Request({ values, change }: Inputs<HostValues>) {
  const take = (message: Buffer) => change({ request: written(values, message) });
  return (
    <Result title="Fields" compute={() => readOf(values)}>
      {({ message, headerLength, layout, places, end, problem, read }) => {
        const rest = end < message.length ? [{ name: 'not read', start: end, end: message.length }] : [];
        const code = message.toString('latin1', headerLength, headerLength + CODE_BYTES);
        return (
          <>
            <section class="sheet">
              {layout === undefined ? (
                <Verdict tone="bad" title={`${shown(Buffer.from(code, 'latin1'))} is not a command of Keyblock`} />
              ) : (
                <Verdict
                  tone={problem ? 'bad' : 'ok'}
                  title={problem ? `${code}: error ${problem.code}` : `${code}: the request is complete`}
                >
                  <p>
                    {problem
                      ? `${capital(problem.message)}.`
                      : `${layout.title}. Only a listener knows whether it can use the keys.`}
                  </p>
                </Verdict>
              )}
            </section>
            <MessageFields message={message} places={[...places, ...rest]} />
            {layout && (
              <Sheet title="Change the fields">
                <div class="body">
                  {places.slice(2).map(({ name, start, end: until }, at) => (
                    <FieldInput
                      key={at}
                      label={capital(name)}
                      value={shown(message.subarray(start, until))}
                      length={until - start}
                      onTake={(bytes) => {
                        const next = Buffer.concat([message.subarray(0, start), bytes, message.subarray(until)]);
                        const place = read(next).places[at + 2];
                        const fits =
                          place?.name === name && place.start === start && place.end === start + bytes.length;
                        if (fits) take(next);
                        return fits;
                      }}
                    />
                  ))}
                  {problem && (
                    <TextField
                      label="Not read yet"
                      mono
                      value={shown(message.subarray(end))}
                      onInput={(text) => take(Buffer.concat([message.subarray(0, end), unescaped(text)]))}
                      hint={`${capital(problem.message)}.`}
                    />
                  )}
                </div>
              </Sheet>
            )}
            <AsSent message={message} />
            <ShellLine message={message} headerLength={headerLength} />
          </>
        );
      }}
    </Result>
  );
}

/**
 * One field of a request. Input is applied as soon as it is a whole field, because the fields after an
 * incomplete one would be read from the wrong place.
 *
 * @param length in bytes, of the field as it is @param onTake returns whether the input was applied
 */
function FieldInput({
  label,
  value,
  length,
  onTake,
}: {
  label: string;
  value: string;
  length: number;
  onTake: (bytes: Buffer) => boolean;
}) {
  const [draft, setDraft] = useState<string>();
  return (
    <div onFocusOut={() => setDraft(undefined)}>
      <TextField
        label={label}
        mono
        value={draft ?? value}
        onInput={(text) => setDraft(onTake(unescaped(text)) ? undefined : text)}
        {...(draft !== undefined && { hint: `Not applied: the field has ${count(length, 'byte')}.` })}
      />
    </div>
  );
}

/** The command that sends the request to a listener. */
function ShellLine({ message, headerLength }: { message: Buffer; headerLength: number }) {
  const header = message.toString('latin1', 0, headerLength);
  const options = /^0*$/.test(header) ? [] : [`--header ${quoted(header)}`];
  const line = ['keyblock payshield try', quoted(shown(message.subarray(headerLength))), ...options].join(' ');
  return (
    <Sheet title="Send it from a shell" aside={<Copy text={line} what="the command" />}>
      <div class="body">
        <pre class="wrap">{line}</pre>
      </div>
    </Sheet>
  );
}
