import type { ComponentChildren } from 'preact';

/**
 * A table, whose rows become cards on small screens.
 *
 * @param head headings of the columns; headings that begin with # mark number columns, and an empty heading marks the
 *   column of buttons
 */
export function Table({
  caption,
  head,
  children,
}: {
  caption?: string;
  head: readonly string[];
  children: ComponentChildren;
}) {
  return (
    <table class="table cards">
      {caption !== undefined && <caption class="vh">{caption}</caption>}
      <thead>
        <tr>
          {head.map((text) => (
            <th key={text} scope="col" class={text.startsWith('#') ? 'num' : undefined}>
              {text === '' ? <span class="vh">Changes</span> : text.replace(/^#/, '')}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
