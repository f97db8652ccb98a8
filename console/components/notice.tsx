import type { ComponentChildren } from 'preact';

/** @param aside beside the text */
export function Notice({
  tone,
  aside,
  children,
}: {
  tone?: 'warn';
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class={tone ? `notice ${tone}` : 'notice'} {...(tone && { role: 'alert' })}>
      <p>{children}</p>
      {aside}
    </div>
  );
}
