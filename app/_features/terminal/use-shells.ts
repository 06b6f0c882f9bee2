'use client'

// The tabs of one session as this browser shows them, and what can be done with them. The list comes with the session.

import { useLocalStorage } from '@mantine/hooks'
import { useCallback, useMemo, useRef, useState } from 'react'
import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { firstView, fitTo, join, type ShellView, show, split } from './shell-view.ts'
import type { ScreenHandle } from './terminal-screen.tsx'

export interface Shells {
  view: ShellView
  show(tab: string): void
  /** A new shell, or one on that machine; its tab, or undefined when it was refused. */
  open(machine?: string, how?: { another: boolean }): Promise<string | undefined>
  close(tab: string): void
  /** A tab that was to be closed while this command runs in it. */
  closing: { tab: string; running: string } | undefined
  closeAnyway(): void
  keep(): void
  splitOrJoin(): void
  /** Types a command into a tab, as soon as its screen is there. */
  run(tab: string, command: string): void
  screen(tab: string): ScreenHandle | undefined
  onScreen(tab: string, screen: ScreenHandle | undefined): void
  error: string
}

export function useShells(sessionId: string, tabs: SessionView['terminals']): Shells {
  const [wished, setView] = useLocalStorage({
    key: `podium.shells.${sessionId}`,
    defaultValue: firstView,
    getInitialValueInEffect: false,
  })
  const names = tabs.map(({ name }) => name).join(' ')
  const view = useMemo(() => fitTo(wished, names.split(' ').filter(Boolean)), [wished, names])
  const [closing, setClosing] = useState<Shells['closing']>()
  const [error, setError] = useState('')
  const screens = useRef(new Map<string, ScreenHandle>())
  const waiting = useRef(new Map<string, string[]>())

  const onScreen = useCallback((tab: string, screen: ScreenHandle | undefined) => {
    if (!screen) {
      screens.current.delete(tab)
      return
    }
    screens.current.set(tab, screen)
    for (const command of waiting.current.get(tab) ?? []) screen.run(command)
    waiting.current.delete(tab)
  }, [])

  const open = async (machine?: string, { another = false } = {}) => {
    try {
      const { tab } = await api.terminal.open.mutate({ sessionId, machine, another })
      setError('')
      setView((now) => show(now, tab))
      return tab
    } catch (cause) {
      setError(wordsOf(cause))
      return undefined
    }
  }

  const remove = async (tab: string, force: boolean) => {
    try {
      const { running } = await api.terminal.close.mutate({ sessionId, tab, force })
      setError('')
      setClosing(running ? { tab, running } : undefined)
    } catch (cause) {
      setError(wordsOf(cause))
    }
  }

  return {
    view,
    show: (tab) => setView(show(view, tab)),
    open,
    close: (tab) => void remove(tab, false),
    closing: closing && names.split(' ').includes(closing.tab) ? closing : undefined,
    closeAnyway: () => closing && void remove(closing.tab, true),
    keep: () => setClosing(undefined),
    splitOrJoin: () => {
      if (view.right !== null) return setView(join(view))
      const other = tabs.find(({ name }) => name !== view.left)
      if (other) return setView(split(view, other.name))
      void api.terminal.open.mutate({ sessionId }).then(
        ({ tab }) => setView(split(view, tab)),
        (cause: unknown) => setError(wordsOf(cause)),
      )
    },
    run: (tab, command) => {
      const screen = screens.current.get(tab)
      if (screen) screen.run(command)
      else waiting.current.set(tab, [...(waiting.current.get(tab) ?? []), command])
    },
    screen: (tab) => screens.current.get(tab),
    onScreen,
    error,
  }
}
