import { TextField } from '../components/field.js';
import { count } from '../words.js';
import { grouped, readHex } from './hex.js';

/**
 * A field of hexadecimal digits, which are grouped by four while typing. The hint shows the number of bytes unless the
 * caller passes another hint.
 *
 * @param bytes the expected length
 */
export function HexField({
  label,
  aside,
  value,
  onInput,
  hint,
  bytes,
}: {
  label: string;
  aside?: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
  bytes?: number;
}) {
  return (
    <TextField
      label={label}
      aside={aside}
      mono
      value={value}
      onInput={(text) => onInput(regrouped(text))}
      hint={hint ?? lengthWords(value, bytes)}
    />
  );
}

/** Groups the input, and keeps the caret after the same digit. */
function regrouped(text: string): string {
  const input = document.activeElement;
  const next = grouped(text.replace(/\s/g, ''));
  if (!(input instanceof HTMLInputElement) || input.value !== text || next === text) return next;
  const digitsBefore = text.slice(0, input.selectionStart ?? 0).replace(/\s/g, '').length;
  const caret = digitsBefore + Math.floor(Math.max(0, digitsBefore - 1) / 4);
  input.value = next;
  input.setSelectionRange(caret, caret);
  return next;
}

function lengthWords(value: string, bytes: number | undefined): string | undefined {
  const typed = readHex(value);
  if (typed === undefined) return bytes === undefined ? undefined : `${count(bytes, 'byte')}.`;
  if ('fault' in typed) return typed.fault;
  if (bytes !== undefined && typed.bytes.length !== bytes) return `${typed.bytes.length} of ${count(bytes, 'byte')}.`;
  return `${count(typed.bytes.length, 'byte')}.`;
}

/**
 * Copies bytes without the blanks between their groups.
 *
 * @param event event of the screen, so that it covers fields and results
 */
export function copyDigits(event: ClipboardEvent): void {
  const { target } = event;
  const text =
    target instanceof HTMLInputElement
      ? target.value.slice(target.selectionStart ?? 0, target.selectionEnd ?? 0)
      : String(getSelection());
  if (!/^[0-9A-Fa-f]+(?:\s[0-9A-Fa-f]+)+$/.test(text)) return;
  event.clipboardData?.setData('text/plain', text.replace(/\s/g, ''));
  event.preventDefault();
}
