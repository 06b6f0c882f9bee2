'use client'

// Keys that a shell wants and the keyboard of a phone has not. Touching them leaves the focus, and so the keyboard, where it is.

import { useState } from 'react'
import style from './terminal.module.css'
import type { ArrowKey, ScreenHandle } from './terminal-screen.tsx'

const arrows: readonly { key: ArrowKey; sign: string; label: string }[] = [
  { key: 'left', sign: '←', label: 'Arrow left' },
  { key: 'right', sign: '→', label: 'Arrow right' },
  { key: 'up', sign: '↑', label: 'Arrow up, the command before' },
  { key: 'down', sign: '↓', label: 'Arrow down' },
]

export function TouchKeys({ screen }: { screen(): ScreenHandle | undefined }) {
  const [isControl, setControl] = useState(false)
  const hold = (isHeld: boolean) => {
    setControl(isHeld)
    screen()?.holdControl(isHeld ? () => setControl(false) : undefined)
  }
  const keepsFocus = (event: React.MouseEvent) => event.preventDefault()
  return (
    <div className={style.touchKeys} role="toolbar" aria-label="Keys" onMouseDown={keepsFocus}>
      <button type="button" onClick={() => screen()?.press('escape')}>
        Esc
      </button>
      <button type="button" onClick={() => screen()?.press('tab')}>
        Tab
      </button>
      <button type="button" aria-pressed={isControl} onClick={() => hold(!isControl)}>
        Ctrl
      </button>
      <button type="button" aria-label="Ctrl C, ends what runs" onClick={() => screen()?.interrupt()}>
        ^C
      </button>
      {arrows.map(({ key, sign, label }) => (
        <button key={key} type="button" aria-label={label} onClick={() => screen()?.press(key)}>
          {sign}
        </button>
      ))}
    </div>
  )
}
