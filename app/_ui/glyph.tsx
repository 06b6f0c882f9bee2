// Who it is: one glyph per kind of component. A hue never stands alone; it comes with its glyph and a word.

export type Who = 'api' | 'store' | 'ctl' | 'sched' | 'node' | 'net' | 'you'

const drawing: Record<Who, React.ReactNode> = {
  api: (
    <>
      <rect x="1.5" y="3" width="13" height="10" rx="1" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M5 3v10M8 3v10M11 3v10" stroke="currentColor" strokeWidth="1.3" />
    </>
  ),
  store: <path d="M2 3.5h12M2 8h12M2 12.5h7" stroke="currentColor" strokeWidth="2.4" />,
  ctl: (
    <>
      <path d="M13.6 6.2A6 6 0 1 0 14 9" fill="none" stroke="currentColor" strokeWidth="1.8" />
      <path d="M14.9 2.2v4.6h-4.6z" fill="currentColor" />
    </>
  ),
  sched: (
    <>
      <path d="M1.5 8h4l6-4.6M5.5 8l6 4.6" fill="none" stroke="currentColor" strokeWidth="1.8" />
      <rect x="11" y="1.2" width="4" height="4" fill="currentColor" />
      <rect x="11.8" y="11.6" width="2.6" height="2.6" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </>
  ),
  node: (
    <>
      <rect x="2" y="2" width="12" height="12" fill="none" stroke="currentColor" strokeWidth="1.8" />
      <rect x="5.4" y="5.4" width="5.2" height="5.2" fill="currentColor" />
    </>
  ),
  net: (
    <>
      <circle cx="3.6" cy="12.4" r="2.6" fill="currentColor" />
      <circle cx="12.4" cy="3.6" r="1.9" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M5.4 10.6 11 5" stroke="currentColor" strokeWidth="1.6" />
    </>
  ),
  you: (
    <>
      <rect x="1" y="1" width="14" height="14" rx="2" fill="var(--marker)" stroke="var(--ink)" />
      <path d="M4 5l3 3-3 3M8.5 11.4h4" fill="none" stroke="var(--on-marker)" strokeWidth="1.6" />
    </>
  ),
}

export function Glyph({ who, size = 16 }: { who: Who; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" style={{ color: hueOf(who), flex: 'none' }}>
      {drawing[who]}
    </svg>
  )
}

export function hueOf(who: Who): string {
  return who === 'you' ? 'var(--ink)' : `var(--${who})`
}
