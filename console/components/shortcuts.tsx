import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { NAVIGATION } from '../navigation.js';
import { goTo } from '../router.js';
import { Dialog } from './dialog.js';

/** Time in which the second key of `g k` must follow the first. */
const SEQUENCE_MS = 1500;

/** Once the user turns the shortcuts off, they stay off until the page is closed (WCAG 2.1.4). */
const areOn = signal(true);

const PLACES = NAVIGATION.flatMap(({ links }) =>
  links.flatMap(({ text, path, shortcut }) => (shortcut === undefined ? [] : [{ text, path, shortcut }])),
);

/** True while the dialog that lists the shortcuts is open. */
const isListed = signal(false);

const close = () => {
  isListed.value = false;
};

/** Opens the list of the shortcuts without one of them, because they may be off. */
export function ShortcutsButton() {
  return (
    <button type="button" class="link" onClick={() => (isListed.value = true)}>
      Keyboard shortcuts
    </button>
  );
}

/** Single-key shortcuts, and the dialog that lists them. */
export function Shortcuts() {
  useEffect(() => {
    let goneAt = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (!areOn.value) return;
      if (event.key === '?') isListed.value = true;
      const place = event.timeStamp - goneAt < SEQUENCE_MS && PLACES.find(({ shortcut }) => shortcut === event.key);
      goneAt = event.key === 'g' ? event.timeStamp : 0;
      if (place) goTo(place.path);
      if (event.key !== '/') return;
      document.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => {
      removeEventListener('keydown', press);
      isListed.value = false;
    };
  }, []);
  if (!isListed.value) return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={close}>
      <dl class="defs">
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>Find</dd>
        {PLACES.map(({ text, shortcut }) => (
          <Shortcut key={shortcut} shortcut={shortcut} text={text} />
        ))}
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>This list</dd>
      </dl>
      <div class="row next">
        <button type="button" class="btn" onClick={() => (areOn.value = !areOn.value)}>
          {areOn.value ? 'Switch off' : 'Switch on'}
        </button>
        <button type="button" class="btn" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Shortcut({ shortcut, text }: { shortcut: string; text: string }) {
  return (
    <>
      <dt>
        <kbd>g</kbd> <kbd>{shortcut}</kbd>
      </dt>
      <dd>{text}</dd>
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea, dialog *');
}
