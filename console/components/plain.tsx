import { plain } from '../../src/approvals/shown-text.js';

/**
 * A text that a caller of the API chose, such as a description or a tag. Its control and format characters are escaped,
 * and its letters can't change the order of the text around it.
 */
export function Plain({ text }: { text: string }) {
  return <bdi dir="ltr">{plain(text)}</bdi>;
}

/** Several such texts, separated by commas. */
export function PlainList({ texts }: { texts: readonly string[] }) {
  return (
    <>
      {texts.map((text, index) => (
        <>
          {index > 0 && ', '}
          <Plain text={text} />
        </>
      ))}
    </>
  );
}
