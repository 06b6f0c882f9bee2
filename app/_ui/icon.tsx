// Signs on controls. Except for close and full screen they always stand beside a word.

const drawing = {
  play: <path d="M4 2.5v11l9-5.5z" fill="currentColor" />,
  hold: <path d="M5 3v10M11 3v10" stroke="currentColor" strokeWidth="2.6" />,
  step: (
    <>
      <path d="M3 2.5v11L10.5 8z" fill="currentColor" />
      <path d="M12.6 2.5v11" stroke="currentColor" strokeWidth="2.2" />
    </>
  ),
  next: <path d="M2 8h11M8.6 3.4 13.2 8l-4.6 4.6" fill="none" stroke="currentColor" strokeWidth="1.7" />,
  copy: <path d="M5.5 5.5h8v8h-8zM2.5 10.5v-8h8" fill="none" stroke="currentColor" strokeWidth="1.3" />,
  table: <path d="M2 3h12v10H2zM2 6.4h12M2 9.7h12M6.4 6.4V13" fill="none" stroke="currentColor" strokeWidth="1.3" />,
  full: (
    <path
      d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
    />
  ),
  unfull: <path d="M2 6h4V2M10 2v4h4M14 10h-4v4M6 14v-4H2" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  theme: (
    <>
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </>
  ),
  prompt: <path d="M2.5 3.5 7 8l-4.5 4.5M8.5 12.5h5" fill="none" stroke="currentColor" strokeWidth="1.7" />,
  close: <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" stroke="currentColor" strokeWidth="1.6" />,
  hand: (
    <path
      d="M4 8.4V4.2a1 1 0 0 1 2 0V7 2.6a1 1 0 0 1 2 0V7 3.2a1 1 0 0 1 2 0v4.4-2.8a1 1 0 0 1 2 0v5.4c0 3-1.8 4.6-4.4 4.6-2.2 0-3.2-1-4.2-2.8L1.6 9.4c-.5-1 .9-1.8 1.6-1z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
    />
  ),
  panes: <path d="M2 3h12v10H2zM6 3v10M6 9h8" fill="none" stroke="currentColor" strokeWidth="1.3" />,
}

export type IconName = keyof typeof drawing

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" style={{ flex: 'none' }}>
      {drawing[name]}
    </svg>
  )
}
