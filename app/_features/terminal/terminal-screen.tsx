'use client'

// One tab: an xterm screen on one shell.

import { useComputedColorScheme } from '@mantine/core'
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef, useState } from 'react'
import { copyText } from '../../_ui/use-copy.ts'
import { ConnectionBar } from './connection-bar.tsx'
import { withControl } from './control-key.ts'
import { keepFewLinks } from './few-links.ts'
import { keepFewMarks } from './few-marks.ts'
import { markLine } from './line-mark.ts'
import style from './terminal.module.css'
import { TerminalConnection, type TerminalState } from './terminal-connection.ts'
import { findColours, terminalTheme, usualSize } from './terminal-theme.ts'

/** To the end of the line, and away with what is before. */
const emptyLine = '\x05\x15'

export type ArrowKey = 'up' | 'down' | 'right' | 'left'
const arrowLetters = { up: 'A', down: 'B', right: 'C', left: 'D' }

export interface ScreenHandle {
  /** At a prompt: what was half typed there is taken away before. */
  run(command: string): void
  /** As Ctrl+C does. */
  interrupt(): void
  press(key: 'escape' | 'tab' | ArrowKey): void
  /** What is typed next is typed with Ctrl; `onUsed` is called then. */
  holdControl(onUsed: (() => void) | undefined): void
  focus(): void
  copy(): void
  paste(): Promise<void>
  /** False when it is nowhere; an empty text takes the marks away. */
  find(text: string, way: 'up' | 'down'): boolean
}

interface Props {
  sessionId: string
  tab: string
  title: string
  /** Where it is seen, if it is. */
  place?: 'whole' | 'left' | 'right' | 'hidden'
  fontSize?: number
  /** No key goes to the shell. */
  looksOnly?: boolean
  /** Why they may not have it any more; empty while they may. */
  refusal?: string
  /** Called with the handle, and with undefined when it goes. */
  onScreen?(tab: string, screen: ScreenHandle | undefined): void
  onFocus?(tab: string): void
  onFind?(): void
  children?: React.ReactNode
}

export function TerminalScreen(props: Props) {
  const { sessionId, tab, title, place = 'whole', fontSize = usualSize, looksOnly = false, refusal = '' } = props
  const { onScreen, onFocus, onFind, children } = props
  const hostRef = useRef<HTMLDivElement>(null)
  const terminalRef = useRef<Terminal | null>(null)
  const connectionRef = useRef<TerminalConnection | null>(null)
  const refitRef = useRef<() => void>(() => undefined)
  const onFindRef = useRef(onFind)
  onFindRef.current = onFind
  const [state, setState] = useState<TerminalState>({ state: 'connecting', tries: 0 })
  const scheme = useComputedColorScheme('light')

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new size does not make a new terminal
  useEffect(() => {
    const host = hostRef.current
    if (!host) return
    const terminal = new Terminal({
      fontFamily: getComputedStyle(host).getPropertyValue('--font-code'),
      fontSize,
      lineHeight: 1.25,
      scrollback: 5000,
      cursorBlink: false,
      disableStdin: looksOnly,
      allowProposedApi: true,
      logLevel: 'off',
      macOptionIsMeta: true,
      rightClickSelectsWord: true,
      theme: terminalTheme(host),
    })
    const fit = new FitAddon()
    const search = new SearchAddon()
    terminal.loadAddon(fit)
    terminal.loadAddon(search)
    terminal.loadAddon(new WebLinksAddon())
    // As on the server: whoever looks in must not wait for lines that are moved by the thousand.
    for (const final of ['L', 'M', 'S', 'T']) {
      terminal.parser.registerCsiHandler({ final }, ([lines = 1]) => Number(lines) > terminal.rows)
    }
    keepFewLinks(terminal)
    keepFewMarks(terminal)
    terminal.open(host)
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const address = `${scheme}://${location.host}/terminal/${encodeURIComponent(sessionId)}/${encodeURIComponent(tab)}`
    const connection = new TerminalConnection(
      address,
      { write: (bytes) => terminal.write(bytes), clear: () => terminal.reset(), mark: markLine(terminal) },
      setState,
    )
    let control: (() => void) | undefined
    terminal.onData((text) => {
      connection.send(control ? withControl(text) : text)
      control?.()
      control = undefined
    })
    terminal.onBinary((text) => connection.sendBytes(Uint8Array.from(text, (letter) => letter.charCodeAt(0))))
    const screen: ScreenHandle = {
      run: (command) => {
        connection.send(`${emptyLine}${command.replaceAll('\n', '\r')}\r`)
        terminal.scrollToBottom()
      },
      interrupt: () => connection.send('\x03'),
      press(key) {
        if (key === 'escape') connection.send('\x1b')
        else if (key === 'tab') connection.send('\t')
        else connection.send(`${terminal.modes.applicationCursorKeysMode ? '\x1bO' : '\x1b['}${arrowLetters[key]}`)
      },
      holdControl: (onUsed) => {
        control = onUsed
      },
      focus: () => terminal.focus(),
      copy: () => void copyText(terminal.getSelection()).catch(() => undefined),
      async paste() {
        terminal.paste(await navigator.clipboard.readText())
        terminal.focus()
      },
      find(text, way) {
        if (!text) {
          search.clearDecorations()
          terminal.clearSelection()
          return true
        }
        const options = { decorations: findColours(host) }
        return way === 'up' ? search.findPrevious(text, options) : search.findNext(text, options)
      },
    }
    terminal.attachCustomKeyEventHandler((event) => isForShell(event, screen, () => onFindRef.current?.()))
    terminal.onResize(({ cols, rows }) => connection.resize(cols, rows))
    const refit = () => {
      if (host.clientWidth > 40 && host.clientHeight > 20) fit.fit()
    }
    refitRef.current = refit
    const back = () => document.visibilityState === 'visible' && connection.wake()
    const gone = new AbortController()
    document.addEventListener('visibilitychange', back, gone)
    addEventListener('online', back, gone)
    const observer = new ResizeObserver(refit)
    observer.observe(host)
    // Cells are measured once; the code font may come later than the first paint.
    void document.fonts.load('13px "JetBrains Mono Variable"').then(() => {
      terminal.options.fontFamily = `${terminal.options.fontFamily} `
      refit()
    })
    connection.resize(terminal.cols, terminal.rows)
    terminalRef.current = terminal
    connectionRef.current = connection
    onScreen?.(tab, screen)
    return () => {
      onScreen?.(tab, undefined)
      observer.disconnect()
      gone.abort()
      connection.close()
      terminal.dispose()
    }
  }, [sessionId, tab, onScreen])

  const isRefused = refusal !== ''
  useEffect(() => connectionRef.current?.refuse(isRefused), [isRefused])

  useEffect(() => {
    if (!terminalRef.current) return
    terminalRef.current.options.fontSize = fontSize
    refitRef.current()
  }, [fontSize])

  useEffect(() => {
    terminalRef.current?.textarea?.setAttribute('aria-label', `Terminal, ${title}. F6 leaves it.`)
  }, [title])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read from the page when its scheme changed
  useEffect(() => {
    const host = hostRef.current
    if (host && terminalRef.current) terminalRef.current.options.theme = terminalTheme(host)
  }, [scheme])

  return (
    <div
      className={style.screen}
      data-place={place}
      id={`terminal-${tab}`}
      role="tabpanel"
      aria-label={title}
      data-terminal={tab}
      data-terminal-state={state.state}
      onFocus={() => onFocus?.(tab)}
    >
      <div ref={hostRef} className={style.host} />
      <ConnectionBar state={state} refusal={refusal} connection={connectionRef} />
      {children}
    </div>
  )
}

/** Ctrl alone is always the shell's. With Shift it is ours: C copies, V pastes, F finds. F6 leaves. */
function isForShell(event: KeyboardEvent, screen: ScreenHandle, onFind: () => void): boolean {
  if (event.type !== 'keydown') return true
  if (event.key === 'F6') return false
  if (!event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return true
  switch (event.code) {
    case 'KeyC':
      event.preventDefault()
      screen.copy()
      return false
    case 'KeyF':
      event.preventDefault()
      onFind()
      return false
    case 'KeyV':
      // The browser pastes by itself.
      return false
  }
  return true
}
