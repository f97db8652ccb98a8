import type { ComponentChildren } from 'preact';

export function Notice({ tone, children }: { tone?: 'warn'; children: ComponentChildren }) {
  return (
    <div class={tone ? `notice ${tone}` : 'notice'} {...(tone && { role: 'alert' })}>
      <p>{children}</p>
    </div>
  );
}

/** What every calculator on test keys begins with. */
export function InThisTab() {
  return (
    <Notice>
      <strong>Computed in this tab.</strong> Type test keys only. Nothing here is sent, stored or put in the address.
    </Notice>
  );
}
