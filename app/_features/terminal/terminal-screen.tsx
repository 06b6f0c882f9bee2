'use client'

// One tab: an xterm screen on one shell.

import { useComputedColorScheme } from '@mantine/core'
import { FitAddon } from '@xterm/addon-fit'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import style from './terminal.module.css'
import { TerminalConnection, type TerminalState } from './terminal-connection.ts'
import { terminalTheme } from './terminal-theme.ts'

export interface TerminalHandle {
  run(command: string): void
  focus(): void
}

interface Props {
  sessionId: string
  tab: string
  isShown: boolean
  /** Called with the handle, and with undefined when it goes. */
  onHandle(tab: string, handle: TerminalHandle | undefined): void
}

export function TerminalScreen({ sessionId, tab, isShown, onHandle }: Props) {
  const hostRef = useRef<HTMLDivElement>(null)
  const terminalRef = useRef<Terminal | null>(null)
  const connectionRef = useRef<TerminalConnection | null>(null)
  const [state, setState] = useState<TerminalState>({ state: 'connecting', tries: 0 })
  const scheme = useComputedColorScheme('light')

  useEffect(() => {
    const host = hostRef.current
    if (!host) return
    const terminal = new Terminal({
      fontFamily: getComputedStyle(host).getPropertyValue('--font-code'),
      fontSize: 13,
      lineHeight: 1.25,
      scrollback: 5000,
      cursorBlink: false,
      allowProposedApi: true,
      macOptionIsMeta: true,
      theme: terminalTheme(host),
    })
    const fit = new FitAddon()
    terminal.loadAddon(fit)
    terminal.loadAddon(new WebLinksAddon())
    terminal.open(host)
    terminal.textarea?.setAttribute('aria-label', `Terminal ${tab}. F6 leaves it.`)
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const address = `${scheme}://${location.host}/terminal/${encodeURIComponent(sessionId)}/${encodeURIComponent(tab)}`
    const connection = new TerminalConnection(
      address,
      { write: (bytes) => terminal.write(bytes), clear: () => terminal.reset() },
      setState,
    )
    terminal.onData((text) => connection.send(text))
    terminal.onBinary((text) => connection.sendBytes(Uint8Array.from(text, (letter) => letter.charCodeAt(0))))
    terminal.attachCustomKeyEventHandler((event) => keysStay(event, terminal))
    terminal.onResize(({ cols, rows }) => connection.resize(cols, rows))
    const refit = () => {
      if (host.clientWidth > 40 && host.clientHeight > 20) fit.fit()
    }
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
    onHandle(tab, {
      run: (command) => {
        connection.send(`${command.replaceAll('\n', '\r')}\r`)
        terminal.scrollToBottom()
      },
      focus: () => terminal.focus(),
    })
    return () => {
      onHandle(tab, undefined)
      observer.disconnect()
      connection.close()
      terminal.dispose()
    }
  }, [sessionId, tab, onHandle])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read from the page when its scheme changed
  useEffect(() => {
    const host = hostRef.current
    if (host && terminalRef.current) terminalRef.current.options.theme = terminalTheme(host)
  }, [scheme])

  return (
    <div
      className={style.screen}
      hidden={!isShown}
      id={`terminal-${tab}`}
      role="tabpanel"
      data-terminal-state={state.state}
    >
      <div ref={hostRef} className={style.host} />
      {(state.state === 'broken' || state.state === 'ended') && (
        <div className={style.broken} role="status">
          <span>
            {state.state === 'ended'
              ? `The shell ended with ${state.exit}.`
              : `The connection to your terminal broke. Trying again (${state.tries}); your shell is kept.`}
          </span>
          <Button small onClick={() => connectionRef.current?.reconnect()}>
            {state.state === 'ended' ? 'New shell' : 'Reconnect now'}
          </Button>
        </div>
      )}
    </div>
  )
}

/** Copy with Ctrl+C when something is marked, paste with Ctrl+V, leave with F6; everything else is the shell's. */
function keysStay(event: KeyboardEvent, terminal: Terminal): boolean {
  if (event.type !== 'keydown') return true
  if (event.key === 'F6') return false
  const isControl = event.ctrlKey && !event.altKey && !event.metaKey
  if (isControl && event.key.toLowerCase() === 'c' && terminal.hasSelection()) {
    void navigator.clipboard?.writeText(terminal.getSelection())
    terminal.clearSelection()
    event.preventDefault()
    return false
  }
  return !(isControl && event.key.toLowerCase() === 'v')
}
