// A line in a learner's terminal that somebody else has typed: their name stands at its right, and goes where the line goes.

import type { Terminal } from '@xterm/xterm'
import style from './terminal.module.css'

export const markLine = (terminal: Terminal) => (by: string, up: number) =>
  // What was sent before is on the screen first; then the line is where it was when it was typed.
  terminal.write('', () => {
    if (terminal.buffer.active.type !== 'normal') return
    const marker = terminal.registerMarker(-up)
    const decoration = terminal.registerDecoration({ marker, anchor: 'right', x: 1, width: by.length + 3 })
    decoration?.onRender((element) => {
      element.className = `${element.className.replace(style.typed ?? '', '').trim()} ${style.typed}`
      element.textContent = by
      element.title = `Typed by ${by}`
      element.dataset.typedBy = by
    })
  })
