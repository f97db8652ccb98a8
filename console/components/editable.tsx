import { useState } from 'preact/hooks';
import { plainLines } from '../../src/approvals/shown-text.js';
import { TextArea } from './field.js';
import { Plain } from './plain.js';

/**
 * A text with a button that edits it.
 *
 * @param empty shown in place of an empty text
 * @param save  returns false on an error; the editor then stays open
 */
export function Editable({
  label,
  text,
  rows,
  empty = 'None.',
  hint,
  save,
}: {
  label: string;
  text: string;
  rows: number;
  empty?: string;
  hint?: string;
  save: (text: string) => Promise<boolean>;
}) {
  const [edited, setEdited] = useState<string>();
  if (edited === undefined)
    return (
      <div class="body">
        <Shown text={text} rows={rows} empty={empty} />
        <button type="button" class="btn slim next" onClick={() => setEdited(text)}>
          Edit<span class="vh"> the {label.toLowerCase()}</span>
        </button>
      </div>
    );
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await save(edited)) setEdited(undefined);
  };
  return (
    <form class="body" onSubmit={(event) => void submit(event)}>
      <TextArea label={label} value={edited} onInput={setEdited} rows={rows} hint={hint} />
      <div class="row">
        <button type="submit" class="btn go">
          Save
        </button>
        <button type="button" class="btn" onClick={() => setEdited(undefined)}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Shown({ text, rows, empty }: { text: string; rows: number; empty: string }) {
  if (text === '') return <p class="quiet">{empty}</p>;
  if (rows > 1) return <pre tabIndex={0}>{plainLines(text)}</pre>;
  return (
    <p class="wrap">
      <Plain text={text} />
    </p>
  );
}
