import { announce } from './toast.js';

/** Copies a text. @param what names it for the button and the message */
export function Copy({ text, what }: { text: string; what: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}`);
  };
  return (
    <button type="button" class="btn slim" onClick={() => void copy()}>
      Copy<span class="vh"> {what}</span>
    </button>
  );
}
