// How it is: every state is a shape first and a colour second. `label` is for when no word stands beside it.

export type State = 'ok' | 'wait' | 'fail' | 'held' | 'idle'

const drawing: Record<State, React.ReactNode> = {
  ok: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="M4.6 8.2l2.4 2.4 4.4-5" fill="none" stroke="var(--surface)" strokeWidth="1.9" />
    </>
  ),
  wait: <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.6 2.27" />,
  fail: (
    <>
      <path d="M8 .6 15.4 8 8 15.4.6 8z" fill="currentColor" />
      <path d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6" stroke="var(--surface)" strokeWidth="1.7" />
    </>
  ),
  held: (
    <>
      <rect x="1" y="1" width="14" height="14" rx="2" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 4.6v6.8M10 4.6v6.8" stroke="currentColor" strokeWidth="2.2" />
    </>
  ),
  idle: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="1.4" />,
}

const colour: Record<State, string> = {
  ok: 'var(--ok)',
  wait: 'var(--wait)',
  fail: 'var(--fail)',
  held: 'var(--held)',
  idle: 'var(--ink-3)',
}

export function Shape({ state, size = 16, label }: { state: State; size?: number; label?: string }) {
  const measures = { viewBox: '0 0 16 16', width: size, height: size, style: { color: colour[state], flex: 'none' } }
  if (label) {
    return (
      <svg {...measures} role="img" aria-label={label}>
        {drawing[state]}
      </svg>
    )
  }
  return (
    <svg {...measures} aria-hidden="true">
      {drawing[state]}
    </svg>
  )
}
