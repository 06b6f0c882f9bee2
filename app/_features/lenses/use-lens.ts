'use client'

// Which lens one looks through: the one that the address names, else the one that was used last. The address follows, so
// that it can be given to somebody else.

import { useLocalStorage } from '@mantine/hooks'
import { useCallback, useEffect, useState } from 'react'
import { lenses } from './index.ts'
import type { Lens, LensView } from './lens.ts'

export interface LensChoice {
  lens: Lens
  /** Undefined while its code is on the way. */
  view: LensView | undefined
  choose(id: string): void
}

const named = (id: string | null) => lenses.find((lens) => lens.id === id)

export function useLens(): LensChoice {
  const [remembered, remember] = useLocalStorage({ key: 'podium.lens', defaultValue: lenses[0].id })
  const [asked, setAsked] = useState<string | null>(null)
  useEffect(() => setAsked(new URLSearchParams(location.search).get('lens')), [])
  const lens = named(asked) ?? named(remembered) ?? lenses[0]

  const [loaded, setLoaded] = useState<{ lens: Lens; view: LensView }>()
  useEffect(() => {
    let isGone = false
    void lens.load().then((view) => !isGone && setLoaded({ lens, view }))
    return () => {
      isGone = true
    }
  }, [lens])

  const choose = useCallback(
    (id: string) => {
      remember(id)
      setAsked(id)
      const url = new URL(location.href)
      url.searchParams.set('lens', id)
      history.replaceState(history.state, '', url)
    },
    [remember],
  )
  return { lens, view: loaded?.lens === lens ? loaded.view : undefined, choose }
}
