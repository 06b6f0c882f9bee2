'use client'

import style from './trace.module.css'

/** Folded: who wants them is shown the kernel's own words. */
export function KernelLines({ lines, isOpen = false }: { lines: readonly string[]; isOpen?: boolean }) {
  if (lines.length === 0) return null
  return (
    <details className={style.lines} open={isOpen}>
      <summary>{lines.length === 1 ? 'The line' : `${lines.length} lines`}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard */}
      <pre tabIndex={0}>{lines.join('\n')}</pre>
    </details>
  )
}
