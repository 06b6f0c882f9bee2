'use client'

// The shells with their tabs: one seen, or two side by side; beside them the files of the same home, or a browser.

import { useElementSize, useLocalStorage, useMediaQuery } from '@mantine/hooks'
import dynamic from 'next/dynamic'
import { type Ref, useImperativeHandle, useState } from 'react'
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels'
import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { Question } from '../../_ui/question.tsx'
import type { FileDesk } from '../editor/file-desk.ts'
import { useDesk } from '../editor/use-file-desk.ts'
import { FindBar } from './find-bar.tsx'
import { focused } from './shell-view.ts'
import style from './terminal.module.css'
import { TerminalTabs } from './terminal-tabs.tsx'
import { usualSize } from './terminal-theme.ts'
import { TextMenu } from './text-menu.tsx'
import { TouchKeys } from './touch-keys.tsx'
import { type Shells, useShells } from './use-shells.ts'

// What draws a shell is much code: whoever is on a slow line reads the lab meanwhile.
const TerminalScreen = dynamic(() => import('./terminal-screen.tsx').then((file) => file.TerminalScreen), {
  ssr: false,
})
// The editor is much code too, and most minutes of a lab do not need it.
const FilesPane = dynamic(() => import('../editor/files-pane.tsx').then((file) => file.FilesPane), { ssr: false })
const PreviewPane = dynamic(() => import('../preview/preview-pane.tsx').then((file) => file.PreviewPane), {
  ssr: false,
})

/** What is seen beside the shells. */
export interface Beside {
  shown: 'files' | 'browser' | null
  show(next: Beside['shown']): void
}

export interface TerminalHandle {
  /** In a shell of the learner's own. */
  run: Shells['run']
  focus(): void
  openMachine(machine: string): void
}

interface Props {
  sessionId: string
  tabs: SessionView['terminals']
  nodes: SessionView['nodes']
  desk: FileDesk
  beside: Beside
  ref: Ref<TerminalHandle>
  isFull: boolean
  onFull?(): void
  /** Why the learner may not have these shells any more; empty while they may. */
  refusal: string
  /** A glance at the shell only, on small screens. */
  isPeek?: boolean
}

/** Two shells side by side, or a shell and the editor, want that much. */
const splitFrom = 640
const splitBesideFrom = 960

export function TerminalPane({ sessionId, tabs, nodes, desk, beside, ref, isFull, onFull, isPeek, refusal }: Props) {
  const shells = useShells(sessionId, tabs)
  const { open } = useDesk(desk)
  const { view } = shells
  const size = useElementSize()
  const [fontSize, setFontSize] = useLocalStorage({
    key: 'podium.terminal.size',
    defaultValue: usualSize,
    getInitialValueInEffect: false,
  })
  const [isFinding, setFinding] = useState(false)
  const isTouched = useMediaQuery('(max-width: 700px), (pointer: coarse)', false, { getInitialValueInEffect: false })
  const layout = useDefaultLayout({ id: 'podium.terminal.beside', storage: localStorage })
  const isWide = size.width >= splitFrom
  const isBeside = beside.shown !== null && !isPeek
  const close = () => beside.show(null)
  const maySplit = size.width >= (isBeside ? splitBesideFrom : splitFrom)
  const isSplit = view.right !== null && maySplit
  const active = focused(view)
  const screen = () => shells.screen(active)

  const run: Shells['run'] = (command, onAsk) => {
    if (!isWide) close()
    return shells.run(command, onAsk)
  }

  useImperativeHandle(ref, () => ({
    run,
    focus: () => screen()?.focus(),
    openMachine: (machine) => {
      if (!isWide) close()
      void shells.open(machine)
    },
  }))

  const placeOf = (tab: string) => {
    if (isSplit) return tab === view.left ? 'left' : tab === view.right ? 'right' : 'hidden'
    return tab === active ? 'whole' : 'hidden'
  }
  const pane =
    beside.shown === 'browser' ? (
      <PreviewPane sessionId={sessionId} nodes={nodes} onClose={close} />
    ) : (
      <FilesPane
        desk={desk}
        sessionId={sessionId}
        onApply={(command) => void run(command, () => undefined)}
        onClose={close}
      />
    )
  const toggle = (which: 'files' | 'browser') => ({
    'aria-pressed': beside.shown === which,
    onClick: () => beside.show(beside.shown === which ? null : which),
  })
  return (
    <div className={style.pane} ref={size.ref}>
      <div className={style.strip}>
        <TerminalTabs shells={shells} tabs={tabs} nodes={nodes} />
        <span className={style.grow} />
        {!isPeek && maySplit && (
          <Button small look="quiet" aria-pressed={isSplit} onClick={shells.splitOrJoin}>
            Split
          </Button>
        )}
        {!isPeek && (
          <>
            <TextMenu screen={screen} size={fontSize} onSize={setFontSize} onFind={() => setFinding(true)} />
            <Button small look="quiet" {...toggle('browser')}>
              Browser
            </Button>
            <Button small look="quiet" {...toggle('files')}>
              {open && beside.shown !== 'files' ? <code className={style.fileName}>{open.path}</code> : 'Files'}
            </Button>
          </>
        )}
        {onFull && (
          <Button
            small
            look="quiet"
            aria-label={isFull ? 'Leave full screen' : 'Terminal full screen'}
            onClick={onFull}
          >
            <Icon name={isFull ? 'unfull' : 'full'} size={14} />
          </Button>
        )}
      </div>
      {shells.error && (
        <p className={style.bar} role="alert">
          {shells.error}
        </p>
      )}
      <Group className={style.body} defaultLayout={layout.defaultLayout} onLayoutChanged={layout.onLayoutChanged}>
        <Panel id="shells" minSize="240px">
          <div className={style.screens} data-split={isSplit || undefined}>
            {isFinding && <FindBar key={active} screen={screen} onClose={() => setFinding(false)} />}
            {tabs.length === 0 && (
              <div className={style.empty}>
                <p>No shell is open.</p>
                <Button small onClick={() => void shells.open()}>
                  New shell
                </Button>
              </div>
            )}
            {tabs.map(({ name, title }) => (
              <TerminalScreen
                refusal={refusal}
                key={name}
                sessionId={sessionId}
                tab={name}
                title={title}
                place={placeOf(name)}
                fontSize={fontSize}
                onScreen={shells.onScreen}
                onFocus={(tab) => tab !== active && shells.show(tab)}
                onFind={() => setFinding(true)}
              >
                {shells.waiting?.tab === name && (
                  <Question
                    className={style.bar}
                    label={`${shells.waiting.running} still runs`}
                    onEscape={shells.runNot}
                  >
                    <span>
                      <code>{shells.waiting.running}</code> still runs here.
                    </span>
                    <span className={style.grow} />
                    <Button small look="go" onClick={shells.endAndRun}>
                      End it, then run
                    </Button>
                    <Button small onClick={shells.runInNew}>
                      Run in a new tab
                    </Button>
                    <Button small look="quiet" data-autofocus onClick={shells.runNot}>
                      Do not run
                    </Button>
                  </Question>
                )}
                {shells.closing?.tab === name && (
                  <Question className={style.bar} label={`Close ${title}?`} onEscape={shells.keep}>
                    <span>
                      <code>{shells.closing.running}</code> still runs here.
                    </span>
                    <span className={style.grow} />
                    <Button small look="stop" onClick={shells.closeAnyway}>
                      End it and close
                    </Button>
                    <Button small data-autofocus onClick={shells.keep}>
                      Keep it
                    </Button>
                  </Question>
                )}
              </TerminalScreen>
            ))}
            {isBeside && !isWide && <div className={style.over}>{pane}</div>}
          </div>
        </Panel>
        {isBeside && isWide && (
          <>
            <Separator className={style.separator} aria-label="Between shells and what is beside them" />
            <Panel id="beside" minSize="280px" defaultSize="50%">
              {pane}
            </Panel>
          </>
        )}
      </Group>
      {isTouched && !isPeek && tabs.length > 0 && (!isBeside || isWide) && <TouchKeys screen={screen} />}
    </div>
  )
}
