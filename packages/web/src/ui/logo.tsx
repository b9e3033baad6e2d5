/** Madang's logo: a house around its yard (ㅁ), the gate open, and a light inside. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden>
      <rect width="64" height="64" rx="18" fill="var(--logo-ground, #2a6a50)" />
      <path
        d="M27 47H20a3.5 3.5 0 0 1-3.5-3.5V20.5A3.5 3.5 0 0 1 20 17h24a3.5 3.5 0 0 1 3.5 3.5v23A3.5 3.5 0 0 1 44 47h-7"
        fill="none"
        stroke="#f7f1e4"
        strokeWidth="6"
        strokeLinecap="round"
      />
      <circle cx="32" cy="32" r="5.5" fill="#f2a36f" />
    </svg>
  );
}
