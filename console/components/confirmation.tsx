import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.js';
import { TextField } from './field.js';

/** Days between which the waiting period of a deletion must be. */
export interface Waiting {
  least: number;
  most: number;
}

/**
 * Requires the user to type a name before a change that can't be undone directly.
 *
 * @param action    text of the button
 * @param waiting also asks for a waiting period
 * @param onConfirm receives the waiting period in days
 */
export function Confirmation({
  title,
  name,
  action,
  waiting,
  onClose,
  onConfirm,
  children,
}: {
  title: string;
  name: string;
  action: string;
  waiting?: Waiting;
  onClose: () => void;
  onConfirm: (days: number) => void;
  children?: ComponentChildren;
}) {
  const [typed, setTyped] = useState('');
  const [days, setDays] = useState('7');
  const isInPeriod =
    !waiting || (/^\d{1,3}$/.test(days) && Number(days) >= waiting.least && Number(days) <= waiting.most);
  const isConfirmed = typed === name && isInPeriod;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isConfirmed) return;
          onClose();
          onConfirm(Number(days));
        }}
      >
        {children}
        {waiting && (
          <TextField
            label="Waiting period in days"
            value={days}
            onInput={setDays}
            hint={`${waiting.least} to ${waiting.most}.`}
          />
        )}
        <TextField label={`Type ${name} to confirm`} value={typed} onInput={setTyped} mono />
        <div class="row">
          <button type="submit" class="btn stop" disabled={!isConfirmed}>
            {action}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
