'use client'

// The lab: instructions, picture, terminal, microscope. This file joins them; each pane is a feature of its own.

import { useLocalStorage, useMediaQuery } from '@mantine/hooks'
import dynamic from 'next/dynamic'
import { notFound } from 'next/navigation'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useFileDesk } from '../editor/use-file-desk.ts'
import type { Selection } from '../lenses/picture/selection.ts'
import { usePictureStore } from '../lenses/picture/use-picture.ts'
import { useLens } from '../lenses/use-lens.ts'
import { NewsStrip } from '../news/news-strip.tsx'
import { useNews } from '../news/use-news.ts'
import { usePresence, useReturn } from '../presence/use-presence.ts'
import { OpenMachine } from '../terminal/open-machine.ts'
import type { Beside, TerminalHandle } from '../terminal/terminal-pane.tsx'
import { LabTopBar } from './lab-top-bar.tsx'
import style from './lab-workbench.module.css'
import type { PaneName, Panes, SmallTab } from './panes.ts'
import { useLabSession } from './use-lab-session.ts'

const small = '(max-width: 700px)'

// Panes need a real window (xterm, remembered sizes); the frame above and around them is in the first HTML.
const WideLayout = dynamic(() => import('./wide-layout.tsx').then((file) => file.WideLayout), {
  ssr: false,
  loading: Frame,
})
const SmallLayout = dynamic(() => import('./small-layout.tsx').then((file) => file.SmallLayout), {
  ssr: false,
  loading: Frame,
})

// Asked for before React comes to them, which is seconds later where line and machine are slow. Whoever needs one that did
// not come tells so.
if (typeof window !== 'undefined') {
  const early = matchMedia(small).matches ? import('./small-layout.tsx') : import('./wide-layout.tsx')
  early.catch(() => undefined)
}

/** Where the panes will stand, until their code is there. */
function Frame() {
  return (
    <div className={style.frame}>
      <p className="quiet">Opening the lab …</p>
      <div />
      <div />
      <div />
    </div>
  )
}

export function LabWorkbench({ labId }: { labId: string }) {
  const run = useLabSession(labId)
  const { lab, session } = run
  const news = useNews()
  const store = usePictureStore(session?.id, { isRefused: run.refusal !== '' })
  const terminal = useRef<TerminalHandle>(null)
  const lens = useLens()
  const desk = useFileDesk(session?.id)
  const [shown, show] = useLocalStorage<Beside['shown']>({ key: 'podium.beside', defaultValue: null })
  const [smallTab, setSmallTab] = useState<SmallTab>('read')
  const [selection, select] = useState<Selection>(null)
  const [full, setFull] = useState<PaneName | null>(null)
  const [hiddenNames, setHiddenNames] = useLocalStorage<PaneName[]>({ key: 'podium.panes.hidden', defaultValue: [] })
  const hidden = useMemo<ReadonlySet<PaneName>>(() => new Set(hiddenNames), [hiddenNames])
  const setHidden = useCallback((next: ReadonlySet<PaneName>) => setHiddenNames([...next]), [setHiddenNames])
  const isSmall = useMediaQuery(small, false, { getInitialValueInEffect: true })
  const selectAndPin = useCallback(
    (next: Selection) => {
      store.pin(next && 'client' in next ? next.client : undefined)
      select(next)
    },
    [store],
  )
  const rootRef = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (lab) document.title = `Lab ${lab.number}, ${lab.title} · Podium`
  }, [lab])
  // A lab that was put back may have got another cluster, and one that was woken has another control plane: their events
  // are told by another stream.
  const phase = session?.phase
  const isStale = useRef(false)
  useEffect(() => {
    if (phase === 'resetting' || phase === 'asleep') isStale.current = true
    if (phase !== 'ready' || !isStale.current) return
    isStale.current = false
    store.beginAnew()
  }, [phase, store])
  usePresence(session?.id)
  useReturn(phase === 'asleep', run.retry)
  const showTerminal = useCallback(() => {
    if (isSmall) setSmallTab('terminal')
    setHiddenNames((names) => names.filter((name) => name !== 'terminal'))
    setFull((now) => (now === 'terminal' ? now : null))
  }, [isSmall, setHiddenNames])
  const openMachine = useCallback(
    (machine: string) => {
      showTerminal()
      terminal.current?.openMachine(machine)
    },
    [showTerminal],
  )
  if (run.isUnknown) notFound()
  const panes: Panes = {
    run,
    store,
    terminal,
    desk,
    beside: { shown, show },
    smallTab,
    setSmallTab,
    selecting: { selection, select: selectAndPin },
    lens,
    full,
    toggleFull: (pane) => setFull((now) => (now === pane ? null : pane)),
    runCommand: async (command) => {
      // On a phone the last lines are seen beside the text; a question needs more room.
      if (!isSmall) showTerminal()
      const isTyped = (await terminal.current?.run(command, showTerminal)) ?? false
      if (isTyped && !isSmall) terminal.current?.focus()
      return isTyped
    },
    openFile: (name, text) => {
      showTerminal()
      show('files')
      void desk.showOrMake(name, text)
    },
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: F6 walks the panes, as in other applications with panes
    <div
      ref={rootRef}
      className={style.workbench}
      onKeyDown={(event) => {
        if (event.key !== 'F6') return
        event.preventDefault()
        focusNextPane(rootRef.current, event.shiftKey)
      }}
    >
      <LabTopBar
        lab={lab}
        session={session}
        hidden={hidden}
        onHidden={(pane, isHidden) => {
          const next = new Set(hidden)
          if (isHidden) next.add(pane)
          else next.delete(pane)
          setHidden(next)
        }}
        canHide={!isSmall}
        news={news}
      />
      <NewsStrip news={news} labId={labId} />
      <main className={style.main} aria-label="Lab">
        <OpenMachine value={openMachine}>
          {isSmall ? <SmallLayout panes={panes} /> : <WideLayout panes={panes} hidden={hidden} onHidden={setHidden} />}
        </OpenMachine>
      </main>
    </div>
  )
}

function focusNextPane(root: HTMLElement | null, isBack: boolean): void {
  const panes = [...(root?.querySelectorAll<HTMLElement>('[data-pane]') ?? [])].filter(
    (pane) => pane.offsetParent !== null && pane.offsetWidth > 0,
  )
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  const next = panes[(at + (isBack ? -1 : 1) + panes.length) % panes.length]
  next?.focus()
}
