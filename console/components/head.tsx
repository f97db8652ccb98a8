import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** The title of a screen, and of the tab. @param actions buttons beside the title */
export function Head({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} - Keyblock`;
  }, [title]);
  return (
    <div class="head">
      <div>
        <h1>{title}</h1>
        {children}
      </div>
      {actions && <div class="row">{actions}</div>}
    </div>
  );
}
