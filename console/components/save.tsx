/** A text to be saved as a file. */
interface File {
  file: string;
  type: string;
  content: string;
}

/** Saves a text as a file. */
export function saveFile({ file, type, content }: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A button that saves a text as a file. @param content called when the button is pressed */
export function Save({ text, content, ...rest }: Omit<File, 'content'> & { text: string; content: () => string }) {
  return (
    <button type="button" class="btn slim" onClick={() => saveFile({ ...rest, content: content() })}>
      {text}
    </button>
  );
}
