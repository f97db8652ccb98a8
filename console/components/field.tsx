import { useEffect, useId, useRef } from 'preact/hooks';

interface Common {
  label: string;
  /** After the label, e.g. the tag of a data element. */
  aside?: string | undefined;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
}

function Label({ id, label, aside, hidden }: { id: string; hidden?: boolean } & Pick<Common, 'label' | 'aside'>) {
  return (
    <label for={id} class={hidden ? 'vh' : undefined}>
      {label}
      {aside !== undefined && <span class="quiet"> {aside}</span>}
    </label>
  );
}

/** A labelled text field. Turns off autocomplete and spelling correction. */
export function TextField({
  label,
  aside,
  value,
  onInput,
  hint,
  type = 'text',
  mono = false,
  autoFocus = false,
  ...rest
}: Common & {
  type?: 'text' | 'search' | 'password';
  mono?: boolean;
  placeholder?: string;
  required?: boolean;
  autoFocus?: boolean;
}) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The attribute moves the focus only while a page is loaded, and not after a sign-out.
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, []);
  // Preact has a type of attributes for each type of input.
  const typed = { type } as { type: 'text' };
  return (
    <div class="field">
      <Label id={id} label={label} aside={aside} />
      <input
        {...rest}
        ref={input}
        id={id}
        {...typed}
        class={mono ? 'mono' : undefined}
        value={value}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labelled field of several lines. */
export function TextArea({ label, aside, value, onInput, hint, rows }: Common & { rows: number }) {
  const id = useId();
  return (
    <div class="field">
      <Label id={id} label={label} aside={aside} />
      <textarea
        id={id}
        rows={rows}
        value={value}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labelled choice. @param options value and text of each */
export function Choice({
  label,
  aside,
  value,
  onInput,
  options,
  hidden = false,
}: Common & { options: readonly (readonly [value: string, text: string])[]; hidden?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <Label id={id} label={label} aside={aside} hidden={hidden} />
      <select id={id} value={value} onInput={({ currentTarget }) => onInput(currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
