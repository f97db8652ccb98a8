import type { ComponentChildren } from 'preact';

/** A surface with a heading. @param aside beside the heading */
export function Sheet({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="sheet">
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
