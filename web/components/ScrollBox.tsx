import type { ReactNode } from "react";

/** A box that scrolls by itself: reachable with the keyboard, and named for those who cannot see it. */
export function ScrollBox({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section tabIndex={0} aria-label={label} className={className}>
      {children}
    </section>
  );
}
