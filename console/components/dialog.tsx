import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * A modal dialog, open while it is rendered. The browser keeps the focus in it, and returns the focus afterwards.
 *
 * @param onClose stops rendering it. Escape calls it, too.
 */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onCancel={onClose}
      // Follows later than the closing: by then the dialog may be open once more, as another element.
      onClose={({ currentTarget }) => currentTarget.isConnected && onClose()}
    >
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
