import { useRef } from 'preact/hooks';

/** A button that saves a text as a file. @param content is asked for when the button is pressed */
export function Save({
  text,
  file,
  type,
  content,
}: {
  text: string;
  file: string;
  type: string;
  content: () => string;
}) {
  const link = useRef<HTMLAnchorElement>(null);
  const save = () => {
    const url = URL.createObjectURL(new Blob([content()], { type }));
    if (link.current) {
      link.current.href = url;
      link.current.click();
    }
    URL.revokeObjectURL(url);
  };
  return (
    <>
      <a ref={link} download={file} hidden />
      <button type="button" class="btn slim" onClick={save}>
        {text}
      </button>
    </>
  );
}
