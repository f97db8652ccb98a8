import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, control, dataPlane } from '../api.js';
import { useChange } from '../change.js';
import { AwaitKeys } from '../components/await-keys.js';
import { Copy } from '../components/copy.js';
import { Choice, TextField } from '../components/field.js';
import { Sheet } from '../components/sheet.js';
import { Failure } from '../components/states.js';
import { argumentsOf } from '../key-arguments.js';
import { useLoad } from '../load.js';
import { keyId, type ListedKey, loadKeys, stateOf, useOffered } from '../payment-keys.js';
import { hrefOf } from '../router.js';
import { region } from '../session.js';
import { Digits, Segments, Verdict } from './calculator.js';
import { type Call, cliLines, type Members, sdkLines } from './call-lines.js';
import { outcomeOf, useInputs } from './inputs.js';

/** A call of the API that computes with a stored key what the calculator computes with a test key. */
export interface ApiCall extends Call {
  /** Members that name a key, with the variant of the request in the table of key arguments. */
  keys: Readonly<Record<string, string>>;
  /** Further fields by their labels, and the members of the request that they fill in, outermost first. */
  asked?: Readonly<Record<string, readonly string[]>>;
  /** The screen that makes the call, if it needs more inputs than the calculator has. */
  screen?: 'import' | 'export';
}

const FORMS = { cli: 'AWS CLI', sdk: 'SDK', call: 'Call it' } as const;

/** Paths of the data plane. A `*` stands for the key. */
const PATHS: Readonly<Record<string, string>> = {
  DecryptData: '/keys/*/decrypt',
  GenerateAs2805KekValidation: '/as2805kekvalidation/generate',
  GenerateAuthRequestCryptogram: '/cryptogram/generate',
  GenerateCardValidationData: '/cardvalidationdata/generate',
  GenerateMac: '/mac/generate',
  GeneratePinData: '/pindata/generate',
  TranslatePinData: '/pindata/translate',
  VerifyAuthRequestCryptogram: '/cryptogram/verify',
  VerifyCardValidationData: '/cardvalidationdata/verify',
  VerifyMac: '/mac/verify',
  VerifyPinData: '/pindata/verify',
};

/** Members of responses that are hidden until the user asks for them. */
const SECRET = /^(PlainText|ValidationData|VerificationValue|PinOffset)$/;

/**
 * The equivalent calls with a stored key: for the AWS CLI, for the AWS SDK for JavaScript, and as a form that makes
 * them with the permissions of the signed-in principal.
 *
 * @param calls throws Incomplete while an input of the calls is missing
 */
export function StoredKeyCalls({ calls: compute }: { calls: () => readonly ApiCall[] }) {
  const [form, setForm] = useState<keyof typeof FORMS>('cli');
  const outcome = outcomeOf(compute);
  const calls = 'value' in outcome ? outcome.value : [];
  const text = calls.map(form === 'sdk' ? sdkLines : cliLines).join('\n\n');
  return (
    <Sheet
      title="The same with your stored key"
      aside={
        calls.length > 0 && (
          <span class="row">
            <Segments label="Form" value={form} onInput={setForm} options={FORMS} />
            {form !== 'call' && <Copy text={text} what="the call" />}
          </span>
        )
      }
    >
      {calls.length === 0 ? (
        <p class="body quiet">{'missing' in outcome ? `It needs ${outcome.missing}.` : 'It needs valid values.'}</p>
      ) : form === 'call' ? (
        <CallForm calls={calls} />
      ) : (
        <div class="body">
          <pre class="wrap">{text}</pre>
        </div>
      )}
    </Sheet>
  );
}

interface Answer {
  /** The request, as JSON. */
  of: string;
  members?: Members;
  error?: ApiError;
}

interface FormValues {
  operation: string;
  keys: Readonly<Record<string, string>>;
  typed: Readonly<Record<string, string>>;
  answer?: Answer | undefined;
  isShown: boolean;
}

const BLANK: FormValues = { operation: '', keys: {}, typed: {}, isShown: false };

/**
 * A form that chooses the keys of a call and makes it. It forgets the response when a calculator forgets its inputs.
 */
function CallForm({ calls }: { calls: readonly ApiCall[] }) {
  const loaded = useLoad(loadKeys, [region.value]);
  const { values, change } = useInputs(BLANK);
  const { run } = useChange();
  const call = calls.find(({ operation }) => operation === values.operation) ?? calls[0];
  if (!call) return null;
  const { operation, keys, asked = {}, screen } = call;
  const request = requestOf(call, values);
  const of = JSON.stringify(request);
  const send = async () => {
    const answer = await run(() => answerOf(call, request));
    if (answer) change({ answer: { of, ...answer }, isShown: false });
  };
  return (
    <div class="body">
      {calls.length > 1 && (
        <Choice
          label="Operation"
          value={operation}
          onInput={(name) => change({ operation: name })}
          options={calls.map((each) => [each.operation, each.operation] as const)}
        />
      )}
      {screen ? (
        <p>
          <a href={hrefOf(['keys', screen])}>
            {screen === 'import' ? 'Import the key' : 'Export a key'} with all that {operation} takes
          </a>
        </p>
      ) : (
        <AwaitKeys loaded={loaded}>
          {(stored) => {
            const offered = Object.entries(keys).map(([argument, variant]) => {
              const fitting = stored.filter((key) => fits(key, operation, argument, variant));
              const chosen = fitting.find(({ KeyArn }) => KeyArn === values.keys[argument]);
              return { argument, fitting, arn: chosen?.KeyArn ?? '' };
            });
            const isReady =
              offered.every(({ arn }) => arn !== '') && Object.keys(asked).every((label) => values.typed[label]);
            return (
              <>
                {offered.map(({ argument, fitting, arn }) => (
                  <KeyChoice
                    key={argument}
                    label={labelOf(argument)}
                    value={arn}
                    onInput={(next) => change({ keys: { ...values.keys, [argument]: next } })}
                    keys={fitting}
                  />
                ))}
                {Object.keys(asked).map((label) => (
                  <TextField
                    key={label}
                    label={label}
                    mono
                    value={values.typed[label] ?? ''}
                    onInput={(text) => change({ typed: { ...values.typed, [label]: text } })}
                  />
                ))}
                <div class="row">
                  <button type="button" class="btn go" disabled={!isReady} onClick={() => void send()}>
                    Call {operation}
                  </button>
                  <button type="button" class="btn" onClick={() => change({ typed: {}, answer: undefined })}>
                    Forget the answer
                  </button>
                  <span class="quiet small">With your own permissions, and recorded in the audit log.</span>
                </div>
              </>
            );
          }}
        </AwaitKeys>
      )}
      {values.answer?.of === of && (
        <Answered answer={values.answer} isShown={values.isShown} onShow={() => change({ isShown: true })} />
      )}
    </div>
  );
}

/** A choice among stored keys. */
export function KeyChoice({
  label,
  value,
  onInput,
  keys,
}: {
  label: string;
  value: string;
  onInput: (arn: string) => void;
  keys: readonly ListedKey[];
}) {
  useOffered(keys, value, onInput);
  return (
    <Choice
      label={label}
      value={value}
      onInput={onInput}
      options={[
        ['', keys.length === 0 ? `No enabled key of ${region.value} fits` : 'Choose a key'],
        ...keys.map(
          ({ KeyArn, KeyCheckValue, aliases }) => [KeyArn, `${aliases[0] ?? keyId(KeyArn)}, ${KeyCheckValue}`] as const,
        ),
      ]}
    />
  );
}

/** True for an enabled key that the argument accepts in this variant; GetKey accepts every key. */
export function fits(key: ListedKey, operation: string, argument: string, variant: string): boolean {
  return (
    stateOf(key) === 'enabled' &&
    (operation === 'GetKey' ||
      argumentsOf(key).some(
        (use) => use.operation === operation && use.argument === argument && use.variants.includes(variant),
      ))
  );
}

/** E.g. `Incoming key`. */
function labelOf(argument: string): string {
  const words = argument.replace(/Identifier$/, '').replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words === 'Key' ? 'Your stored key' : words;
}

/** Fills in the chosen keys and the typed values. */
function requestOf({ input, asked = {} }: ApiCall, { keys, typed }: FormValues): Members {
  const withKeys = { ...input, ...keys };
  return Object.entries(asked).reduce<Members>(
    (request, [label, path]) => filledIn(request, path, typed[label] ?? ''),
    Object.fromEntries(Object.keys(input).map((name) => [name, withKeys[name]])),
  );
}

function filledIn(members: Members, [name = '', ...path]: readonly string[], text: string): Members {
  const before = members[name];
  const digits = text.replace(/\s/g, '');
  const value =
    path.length > 0 ? filledIn(before as Members, path, text) : typeof before === 'number' ? Number(digits) : digits;
  return { ...members, [name]: value };
}

async function answerOf({ operation, plane }: ApiCall, request: Members): Promise<Omit<Answer, 'of'>> {
  const path = (PATHS[operation] ?? '').replace('*', encodeURIComponent(String(request['KeyIdentifier'])));
  try {
    return { members: await (plane === 'control' ? control(operation, request) : dataPlane(operation, path, request)) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { error };
  }
}

function Answered({
  answer: { members, error },
  isShown,
  onShow,
}: {
  answer: Answer;
  isShown: boolean;
  onShow: () => void;
}) {
  if (error)
    return error.name === 'VerificationFailedException' ? (
      <Verdict tone="bad" title="It doesn’t verify">
        <p>{error.message}</p>
      </Verdict>
    ) : (
      <Failure error={error} />
    );
  const rows = rowsOf(members ?? {});
  return (
    <Verdict tone="ok" title="The service answers">
      <dl class="dl">
        {rows.map(([name, value]): JSX.Element => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {SECRET.test(name) && !isShown ? (
                'hidden'
              ) : /^[0-9A-F]{5,}$/.test(value) ? (
                <Digits value={value} />
              ) : (
                <code class="wrap">{value}</code>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {!isShown && rows.some(([name]) => SECRET.test(name)) && (
        <button type="button" class="btn slim" onClick={onShow}>
          Show
        </button>
      )}
    </Verdict>
  );
}

/** The innermost members that are set, by name. */
function rowsOf(members: Members): [name: string, value: string][] {
  return Object.entries(members).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null
      ? rowsOf(value as Members)
      : value === false
        ? []
        : [[name, String(value)]],
  );
}
