import type { ComponentChildren } from 'preact';
import { ByteRuler, type RuledField } from '../components/byte-ruler.js';
import { Head } from '../components/head.js';
import { Notice } from '../components/notice.js';
import { Sheet } from '../components/sheet.js';
import { Empty } from '../components/states.js';
import { hrefOf, place } from '../router.js';
import { copyDigits } from './hex-field.js';
import { grouped } from './hex.js';
import { outcomeOf } from './inputs.js';

/** The tasks of a calculator, by their names in the address. */
export type Tasks = Readonly<Record<string, string>>;

/** Returns the task of the current address, the first one by default. */
export function currentTask<Names extends Tasks>(tasks: Names): keyof Names {
  const name = place.value.query.get('task') ?? '';
  return Object.hasOwn(tasks, name) ? name : (Object.keys(tasks)[0] ?? '');
}

/**
 * A calculator: input on the left, results on the right.
 *
 * @param question the question that it answers
 * @param sheet    title of the sheet of inputs
 * @param inputs   the fields
 * @param onLoad   fills in a published test case
 * @param actions  further buttons
 * @param later shown below the inputs, or below the results on a narrow screen
 * @param notice   instead of the notice that everything is computed in the tab
 */
export function Calculator({
  title,
  question,
  tasks,
  sheet,
  aside,
  inputs,
  onLoad,
  onClear,
  actions,
  later,
  notice,
  children,
}: {
  title: string;
  question: string;
  tasks?: Tasks;
  sheet: string;
  aside?: ComponentChildren;
  inputs: ComponentChildren;
  onLoad: () => void;
  onClear: () => void;
  actions?: ComponentChildren;
  later?: ComponentChildren;
  notice?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div onCopy={copyDigits}>
      <Head title={title} actions={tasks && <TaskLinks tasks={tasks} />}>
        <p>{question}</p>
      </Head>
      {notice ?? <InThisTab />}
      <div class="cols form">
        <div class="typed">
          <Sheet title={sheet} aside={aside}>
            <div class="body">
              {inputs}
              <div class="row">
                {actions}
                <button type="button" class="btn" onClick={onLoad}>
                  Load an example
                </button>
                <button type="button" class="btn" onClick={onClear}>
                  Clear
                </button>
              </div>
            </div>
          </Sheet>
          {later && <div class="later">{later}</div>}
        </div>
        <div>{children}</div>
      </div>
    </div>
  );
}

/** @param aside beside the text */
export function InThisTab({ aside }: { aside?: ComponentChildren }) {
  return (
    <Notice aside={aside}>
      <strong>Computed in this tab.</strong> Type test keys only: they are never sent, stored or put in the address.
    </Notice>
  );
}

/** Links between the tasks of a screen. */
export function TaskLinks({ tasks }: { tasks: Tasks }) {
  const current = currentTask(tasks);
  return (
    <nav class="seg" aria-label="Task">
      {Object.entries(tasks).map(([name, text]) => (
        <a
          key={name}
          href={hrefOf(place.value.path, { task: name })}
          {...(name === current && { 'aria-current': 'page' as const })}
        >
          {text}
        </a>
      ))}
    </nav>
  );
}

/** Two or three options, as buttons side by side. */
export function Segments<Name extends string>({
  label,
  value,
  onInput,
  options,
}: {
  label: string;
  value: Name;
  onInput: (value: Name) => void;
  options: Readonly<Record<Name, string>>;
}) {
  return (
    <div class="seg" role="group" aria-label={label}>
      {(Object.keys(options) as Name[]).map((name) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onInput(name)}>
          {options[name]}
        </button>
      ))}
    </div>
  );
}

/** Shows the result of a computation, the missing inputs, or the error in the input. */
export function Result<Value>({
  title,
  compute,
  children,
}: {
  title: string;
  compute: () => Value;
  children: (value: Value) => ComponentChildren;
}) {
  const outcome = outcomeOf(compute);
  if ('value' in outcome) return <>{children(outcome.value)}</>;
  if ('refused' in outcome)
    return (
      <section class="sheet">
        <div class="verdict bad" role="alert">
          <h2>That can’t be computed</h2>
          <p>{outcome.refused.message}.</p>
        </div>
      </section>
    );
  return (
    <Sheet title={title}>
      <Empty title="Nothing to compute yet">
        <p>Type {outcome.missing}, or load the example.</p>
      </Empty>
    </Sheet>
  );
}

/** A result with its steps. @param tone good, bad or neutral */
export function Verdict({
  title,
  tone = 'plain',
  children,
}: {
  title: string;
  tone?: 'ok' | 'bad' | 'plain';
  children?: ComponentChildren;
}) {
  return (
    <div class={tone === 'ok' ? 'verdict' : `verdict ${tone}`} role="status">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** The answer of a calculator: a verdict, and the steps that lead to it. */
export function Answer({ verdict, children }: { verdict: ComponentChildren; children?: ComponentChildren }) {
  return (
    <section class="sheet" aria-live="polite">
      {verdict}
      {children && (
        <div class="body">
          <Steps>{children}</Steps>
        </div>
      )}
    </section>
  );
}

export function Steps({ children }: { children: ComponentChildren }) {
  return <ol class="steps">{children}</ol>;
}

export function Step({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <li>
      <div>
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  );
}

/** Bytes or digits in groups of four. @param note shown after them in a lighter style */
export function Digits({ value, note }: { value: Buffer | string; note?: string | undefined }) {
  const digits = typeof value === 'string' ? value : value.toString('hex');
  return (
    <>
      <code class="wrap">{digits === '' ? 'empty' : grouped(digits)}</code>
      {note !== undefined && <span class="quiet small"> {note}</span>}
    </>
  );
}

type Hue = RuledField['hue'];

/** Parts of a value on the byte ruler, in the given colours in turn. */
export function Parts({
  label,
  parts,
  hues = [1, 2, 3, 4, 5],
}: {
  label: string;
  parts: readonly { readonly name: string; readonly digits: string; readonly note?: string | undefined }[];
  hues?: readonly Hue[];
}) {
  return (
    <ByteRuler
      label={label}
      fields={parts
        .filter(({ digits }) => digits !== '')
        .map(({ name, digits, note }, at) => ({
          value: grouped(digits),
          name,
          ...(note !== undefined && { note }),
          hue: name === 'Zeros' ? 6 : (hues[at % hues.length] ?? 6),
        }))}
    />
  );
}
