import { useId } from 'preact/hooks';

interface Common {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
}

/** A labelled text field. Browsers are asked not to remember or correct what is typed. */
export function TextField({
  label,
  value,
  onInput,
  hint,
  type = 'text',
  mono = false,
  ...rest
}: Common & {
  type?: 'text' | 'search' | 'password';
  mono?: boolean;
  placeholder?: string;
  required?: boolean;
  autoFocus?: boolean;
}) {
  const id = useId();
  // Preact has a type of attributes for each type of input.
  const typed = { type } as { type: 'text' };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
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
export function TextArea({ label, value, onInput, hint, rows }: Common & { rows: number }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
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
  value,
  onInput,
  options,
  hidden = false,
}: Common & { options: readonly (readonly [value: string, text: string])[]; hidden?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hidden ? 'vh' : undefined}>
        {label}
      </label>
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
