// A line in a learner's terminal that somebody else has typed: their name stands at its right, and goes where the line goes.

import type { Terminal } from '@xterm/xterm'
import style from './terminal.module.css'

export const markLine = (terminal: Terminal) => (by: string, up: number) =>
  // What was sent before is on the screen first; then the line is where it was when it was typed.
  terminal.write('', () => {
    if (terminal.buffer.active.type !== 'normal') return
    const marker = terminal.registerMarker(-up)
    const written = terminal.buffer.active.getLine(marker.line)?.translateToString(true).length ?? 0
    // Never over what was typed: where there is no room for a name there is a stroke, and the name when one points at it.
    const hasRoom = written + by.length + 5 < terminal.cols
    const width = hasRoom ? by.length + 3 : 1
    const decoration = terminal.registerDecoration({ marker, anchor: 'right', x: hasRoom ? 1 : 0.25, width })
    decoration?.onRender((element) => {
      element.className = `${element.className.replace(style.typed ?? '', '').trim()} ${style.typed}`
      element.textContent = hasRoom ? by : ''
      element.title = `Typed by ${by}`
      element.dataset.typedBy = by
    })
  })
