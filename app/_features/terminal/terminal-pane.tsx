'use client'

// The terminal with its tabs. Which tabs there are is remembered, so that a reload finds the same shells.

import { useLocalStorage } from '@mantine/hooks'
import { type Ref, useCallback, useImperativeHandle, useRef } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './terminal.module.css'
import { type TerminalHandle, TerminalScreen } from './terminal-screen.tsx'

interface Props {
  sessionId: string | undefined
  /** The focused tab's shell, for commands that are run with a click. */
  ref: Ref<TerminalHandle>
  isFull: boolean
  onFull?(): void
}

const mostTabs = 6

export function TerminalPane({ sessionId, ref, isFull, onFull }: Props) {
  const key = `podium.terminal.${sessionId ?? ''}`
  const [{ tabs, active }, setTabs] = useLocalStorage({
    key,
    defaultValue: { tabs: ['1'], active: '1' },
    getInitialValueInEffect: false,
  })
  const handles = useRef(new Map<string, TerminalHandle>())
  const onHandle = useCallback((tab: string, handle: TerminalHandle | undefined) => {
    if (handle) handles.current.set(tab, handle)
    else handles.current.delete(tab)
  }, [])
  useImperativeHandle(ref, () => ({
    run: (command) => handles.current.get(active)?.run(command),
    focus: () => handles.current.get(active)?.focus(),
  }))
  const add = () => {
    const next = String(Math.max(...tabs.map(Number)) + 1)
    setTabs({ tabs: [...tabs, next], active: next })
  }
  const close = (tab: string) => {
    const rest = tabs.filter((one) => one !== tab)
    setTabs({ tabs: rest, active: active === tab ? rest.at(-1)! : active })
  }
  return (
    <div className={style.pane}>
      <div className={style.tabs}>
        <div role="tablist" className={style.list} aria-label="Shells">
          {tabs.map((tab, index) => (
            <span key={tab} className={style.tab} data-on={tab === active || undefined}>
              <button
                type="button"
                role="tab"
                aria-selected={tab === active}
                aria-controls={`terminal-${tab}`}
                onClick={() => setTabs({ tabs, active: tab })}
              >
                {index === 0 ? 'shell' : `shell ${tab}`}
              </button>
              {tabs.length > 1 && tab === active && (
                <button type="button" aria-label={`Close shell ${tab}`} onClick={() => close(tab)}>
                  <Icon name="close" size={10} />
                </button>
              )}
            </span>
          ))}
        </div>
        {tabs.length < mostTabs && (
          <button type="button" className={style.add} aria-label="New shell" onClick={add}>
            +
          </button>
        )}
        <span className={style.grow} />
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
      <div className={style.screens}>
        {sessionId ? (
          tabs.map((tab) => (
            <TerminalScreen key={tab} sessionId={sessionId} tab={tab} isShown={tab === active} onHandle={onHandle} />
          ))
        ) : (
          <p className={style.empty}>A shell opens here as soon as your lab has begun.</p>
        )}
      </div>
    </div>
  )
}
