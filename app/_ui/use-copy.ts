'use client'

// Copies a text. Browsers give pages a clipboard over HTTPS and on one's own machine only; a class that comes over plain HTTP
// copies as pages did before there was one.

import { useEffect, useState } from 'react'

const saysSoMs = 1500

export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  // Out of sight, and nothing scrolls to it.
  Object.assign(field.style, { position: 'fixed', top: '0', opacity: '0' })
  document.body.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  if (!isCopied) throw new Error('This browser lets no page copy.')
}

/** `copied` for a moment after it was. */
export function useCopy(): { copied: boolean; copy(text: string): void } {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), saysSoMs)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = (text: string) =>
    void copyText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  return { copied, copy }
}
