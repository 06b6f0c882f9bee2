'use client'

// A question in its place on the page, not over it. It takes the focus when it is asked and gives it back when it is
// answered; Escape is the answer that does nothing, and the button that gives it is marked `data-autofocus`.

import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'

interface Props {
  label: string
  className?: string | undefined
  onEscape(): void
  children: ReactNode
}

export function Question({ label, className, onEscape, children }: Props) {
  const box = useRef<HTMLDivElement>(null)
  // Looked up while it is rendered: the menu that it was asked from goes in the same moment.
  const [asker] = useState(whoAsks)
  useLayoutEffect(() => {
    const asked = box.current
    // A menu first notes that nobody has the focus; it would take it back otherwise.
    queueMicrotask(() => asked?.querySelector<HTMLElement>('[data-autofocus]')?.focus())
    return () => {
      // Whoever has gone elsewhere meanwhile stays there.
      if (asked?.contains(document.activeElement)) asker?.focus()
    }
  }, [asker])
  return (
    <div
      ref={box}
      className={className}
      role="alertdialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onEscape()
      }}
    >
      {children}
    </div>
  )
}

/** What has the focus; of a menu, the button that opens it. */
function whoAsks(): HTMLElement | null {
  const focused = document.activeElement
  const menu = focused?.closest('[role="menu"]')
  if (menu) return document.getElementById(menu.getAttribute('aria-labelledby') ?? '')
  return focused instanceof HTMLElement ? focused : null
}
