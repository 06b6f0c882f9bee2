'use client'

// The tabs of one session as this browser shows them, and what can be done with them. The list comes with the session.

import { useLocalStorage } from '@mantine/hooks'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { type Asked, AskedCommand } from './asked-command.ts'
import { firstView, fitTo, join, ownShells, type ShellView, show, split } from './shell-view.ts'
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
  /**
   * Runs a command in a shell of the learner's own where nothing else runs: the focused one if it may be. Where it has to be
   * asked about, `onAsk` hears of it. Resolves to whether it was typed in the end.
   */
  run(command: string, onAsk: () => void): Promise<boolean>
  /** A command that waits because this one has the keyboard in every shell. */
  waiting: Asked | undefined
  endAndRun(): void
  runInNew(): void
  runNot(): void
  screen(tab: string): ScreenHandle | undefined
  onScreen(tab: string, screen: ScreenHandle | undefined): void
  error: string
}

/** Most commands are soon over; one that is not is asked about. */
const patienceMs = 1500
const endsWithinMs = 3000
const lookAgainMs = 100

export function useShells(sessionId: string, tabs: SessionView['terminals']): Shells {
  const [wished, setView] = useLocalStorage({
    key: `podium.shells.${sessionId}`,
    defaultValue: firstView,
    getInitialValueInEffect: false,
  })
  const names = tabs.map(({ name }) => name).join(' ')
  const view = useMemo(() => fitTo(wished, names.split(' ').filter(Boolean)), [wished, names])
  const [closing, setClosing] = useState<Shells['closing']>()
  const [question] = useState(() => new AskedCommand())
  const waiting = useSyncExternalStore(question.subscribe, question.snapshot, question.snapshot)
  const [error, setError] = useState('')
  const screens = useRef(new Map<string, ScreenHandle>())
  const early = useRef(new Map<string, string[]>())

  const onScreen = useCallback((tab: string, screen: ScreenHandle | undefined) => {
    if (!screen) {
      screens.current.delete(tab)
      return
    }
    screens.current.set(tab, screen)
    for (const command of early.current.get(tab) ?? []) screen.run(command)
    early.current.delete(tab)
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

  const isTabGone = waiting !== undefined && !names.split(' ').includes(waiting.tab)
  useEffect(() => {
    if (isTabGone) question.runNot()
  }, [isTabGone, question])

  /** Types it into a tab, as soon as its screen is there. What is still asked about is of no interest any more. */
  const type = (tab: string, command: string) => {
    question.runNot()
    setView((now) => show(now, tab))
    const screen = screens.current.get(tab)
    if (screen) screen.run(command)
    else early.current.set(tab, [...(early.current.get(tab) ?? []), command])
  }

  /** Where nobody can tell, nothing runs: what is typed then waits for the connection. */
  const runningIn = (tab: string) =>
    api.terminal.running.query({ sessionId, tab }).catch(() => ({ running: '', isUnfinished: false }))

  /** What still runs there after that long; empty when nothing does. */
  const runningAfter = async (tab: string, ms: number): ReturnType<typeof runningIn> => {
    for (const until = performance.now() + ms; ; ) {
      const state = await runningIn(tab)
      if (state.running === '' || performance.now() >= until) return state
      await new Promise((again) => setTimeout(again, lookAgainMs))
    }
  }

  /** Into a shell where nothing runs. What was begun there, as where a quote is open, is given up as by Ctrl+C, not added to. */
  const typeAlone = async (tab: string, command: string, { isUnfinished }: { isUnfinished: boolean }) => {
    if (isUnfinished) screens.current.get(tab)?.interrupt()
    for (const until = performance.now() + endsWithinMs; isUnfinished && performance.now() < until; ) {
      await new Promise((again) => setTimeout(again, lookAgainMs))
      ;({ isUnfinished } = await runningIn(tab))
    }
    type(tab, command)
  }

  const runInNew = async (command: string): Promise<boolean> => {
    const tab = await open()
    if (tab) type(tab, command)
    return tab !== undefined
  }

  const run = async (command: string, onAsk: () => void): Promise<boolean> => {
    const [first, ...others] = ownShells(view, tabs)
    if (first === undefined) return runInNew(command)
    const state = await runningAfter(first, patienceMs)
    if (state.running === '') {
      await typeAlone(first, command, state)
      return true
    }
    for (const tab of others) {
      const other = await runningIn(tab)
      if (other.running !== '') continue
      await typeAlone(tab, command, other)
      return true
    }
    setView((now) => show(now, first))
    const isTyped = question.ask({ tab: first, running: state.running, command })
    onAsk()
    return isTyped
  }

  const end = async (tab: string) => {
    screens.current.get(tab)?.interrupt()
    return (await runningAfter(tab, endsWithinMs)).running
  }

  const typeAndFocus = (tab: string, command: string) => {
    type(tab, command)
    screens.current.get(tab)?.focus()
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
    run,
    waiting: isTabGone ? undefined : waiting,
    endAndRun: () => void question.endAndRun({ end, type: typeAndFocus }),
    runInNew: () => void question.runInNew({ open, type }),
    runNot: () => question.runNot(),
    screen: (tab) => screens.current.get(tab),
    onScreen,
    error,
  }
}
