import { signal } from '@preact/signals';

const SHOWN_MS = 4000;

const message = signal('');
let hiding: ReturnType<typeof setTimeout> | undefined;

/** Shows a short message for a while, and announces it to screen readers. */
export function announce(text: string): void {
  message.value = text;
  clearTimeout(hiding);
  hiding = setTimeout(() => (message.value = ''), SHOWN_MS);
}

export function Toast() {
  return (
    <p class={message.value === '' ? 'vh' : 'toast'} role="status">
      {message.value}
    </p>
  );
}
