/** The mark: a deck of recordings, the front one ready to play. Decorative beside the name. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect x="6.5" y="2" width="11" height="4" rx="1.6" fill="var(--accent)" opacity="0.45" />
      <rect x="4" y="5" width="16" height="5" rx="2" fill="var(--accent)" opacity="0.7" />
      <rect x="1.5" y="8.5" width="21" height="13.5" rx="3.2" fill="var(--accent)" />
      <path d="M9.6 12.1v6.3c0 .5.5.8.9.5l5-3.1c.4-.3.4-.8 0-1l-5-3.2c-.4-.3-.9 0-.9.5Z" fill="var(--surface)" />
    </svg>
  );
}
