// The selected chain of causes on the canvas: numbered marks at rest on the ways that its events took.

import { hueOf } from '../../../_ui/glyph.tsx'
import type { Mark } from '../picture/cause-chain.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import style from './dots.module.css'
import type { PictureLayout } from './picture-layout.ts'

const markSize = 18

interface Props {
  marks: readonly Mark[]
  model: PictureModel
  layout: PictureLayout
  wayId: (mark: Mark) => string
}

export function ChainMarks({ marks, model, layout, wayId }: Props) {
  const byWay = Map.groupBy(marks, wayId)
  return [...byWay].flatMap(([id, all]) => {
    const way = layout.ways.get(id)
    if (!way) return []
    const length = Math.abs(way.x2 - way.x1) + Math.abs(way.y2 - way.y1)
    // The newest that fit without touching; all of them are listed under the microscope.
    const shown = all.slice(-Math.max(1, Math.floor((length - 6) / markSize)))
    return shown.map((mark, index) => {
      const part = (index + 1) / (shown.length + 1)
      const left = way.x1 + (way.x2 - way.x1) * part
      const top = way.y1 + (way.y2 - way.y1) * part
      const who = mark.kind === 'append' ? 'store' : mark.kind === 'deliver' ? 'api' : model.place(mark.client).who
      // Beside the folded loops there is no room for words.
      const hasLabel = mark.kind !== 'append' && !id.startsWith('fold') && !id.startsWith('machines')
      const label = hasLabel ? labelOf(mark, model) : undefined
      return (
        <div key={mark.number}>
          {label && (
            <span
              className={style.label}
              data-side={mark.kind === 'deliver' ? 'left' : 'right'}
              // A little up on the left, a little down on the right: neighbours' labels pass each other.
              style={mark.kind === 'deliver' ? { left: left - 11, top: top - 6 } : { left: left + 11, top: top + 6 }}
            >
              {label}
            </span>
          )}
          <span
            className={style.mark}
            data-mark={mark.number}
            data-kind={mark.kind}
            data-who={who}
            data-refused={mark.refused || undefined}
            style={{ left, top, '--hue': hueOf(who) } as React.CSSProperties}
          >
            {mark.number}
          </span>
        </div>
      )
    })
  })
}

function labelOf(mark: Mark, model: PictureModel): string {
  if (mark.kind === 'deliver') return String(mark.revision ?? '')
  const row = model.rowBySeq(mark.seq)
  if (row?.event.type !== 'request') return ''
  const { verb, subresource, code } = row.event
  if (code >= 400) return `${verb} ${code}`
  return subresource === 'binding' ? 'bind' : subresource === 'status' ? 'status' : verb
}
