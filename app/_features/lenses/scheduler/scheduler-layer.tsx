'use client'

// Over each machine, what the scheduler weighed for one Pod: who refused it, or what each plug-in gave and the sum of it. The
// weights can be turned, to see what would have come of it.

import { hueOf } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { Rect } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { shortName } from '../picture/short-name.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { outcomeWords } from '../scope/verdict-words.ts'
import { type Column, decisionFor, gridOf, insteadWords, winnersOf } from './decision.ts'
import style from './scheduler.module.css'
import { useWeights, type WeightsStore } from './weights-store.ts'

const rowHeight = 24
const sumHeight = 30
const headHeight = 44
const gap = 12
/** Right of a bar. */
const numberWidth = 44
/** For a reason in a few lines. */
const reasonHeight = 120
const factors = [0, 1, 2, 5, 10]

const at = ({ x, y, width, height }: Rect) => ({ left: x, top: y, width, height })

export function SchedulerLayer(props: LayerProps) {
  const { store, selection, layout } = props
  usePictureVersion(store)
  const weights = useWeights(props)
  const decision = decisionFor(store.model, selection)
  const head = { x: layout.api.x, y: layout.fold.y, width: layout.api.width, height: headHeight }
  if (!decision) {
    return (
      <div className={style.layer}>
        <p className={style.head} style={at({ ...head, height: 60 })}>
          {selection && 'object' in selection ? (
            'The scheduler has not said anything of this object since you look.'
          ) : (
            <InlineCode text="What the scheduler weighs for a Pod stands here, over the machines. Make one: `kubectl run web --image=nginx`." />
          )}
        </p>
      </div>
    )
  }
  const grid = gridOf(decision, weights.factors)
  const bottom = layout.you.y - gap
  const most = Math.max(1, Math.floor((bottom - head.y - headHeight - sumHeight) / rowHeight))
  const plugins = grid.plugins.slice(0, most)
  const folded = grid.plugins.length - plugins.length
  const top = bottom - sumHeight - plugins.length * rowHeight
  const words = insteadWords(grid, weights.factors)
  const winners = words ? winnersOf(grid) : []
  const names = { x: layout.api.x, width: layout.scheduler.x + layout.scheduler.width - layout.api.x }
  const columns = layout.machines.map((machine) => ({
    machine,
    column: grid.columns.find(({ node }) => node === machine.name),
  }))
  const chosen = columns.find(({ column }) => column?.isChosen)?.machine
  return (
    <div className={style.layer} data-decision={decision.pod}>
      <div className={style.head} style={at(head)}>
        <p>
          <b>{decision.pod}</b> {outcomeWords(decision)}
        </p>
        <p role="status">{words || (folded > 0 ? `${folded} more plug-ins are in the table.` : '')}</p>
      </div>
      {plugins.map((plugin, index) => (
        <Plugin
          key={plugin}
          plugin={plugin}
          rect={{ ...names, y: top + index * rowHeight, height: rowHeight }}
          weights={weights}
        />
      ))}
      {plugins.length > 0 && (
        <b className={style.sumName} style={at({ ...names, y: bottom - sumHeight, height: sumHeight })}>
          Sum
        </b>
      )}
      {columns.map(
        ({ machine, column }) =>
          column && (
            <MachineColumn
              key={machine.name}
              column={column}
              plugins={plugins}
              most={grid.most}
              wouldWin={winners.includes(machine.name)}
              rect={{ x: machine.x, y: top, width: machine.width, height: bottom - top }}
              room={bottom - head.y - headHeight}
            />
          ),
      )}
      {chosen && (
        <svg className={style.lines} width={layout.width} height={layout.height} aria-hidden="true">
          <title>Where the Pod goes</title>
          <path d={`M${chosen.x + chosen.width / 2} ${bottom}V${chosen.y}`} stroke={hueOf('sched')} />
        </svg>
      )}
    </div>
  )
}

function Plugin({ plugin, rect, weights }: { plugin: string; rect: Rect; weights: WeightsStore }) {
  const factor = weights.factors.get(plugin) ?? 1
  return (
    <label className={`${style.plugin} nopan`} style={at(rect)} title={plugin} data-turned={factor !== 1 || undefined}>
      <span>{shortName(plugin, Math.floor((rect.width - 60) / 6.2))}</span>
      <select
        aria-label={`How much ${plugin} should weigh`}
        value={factor}
        onChange={(event) => weights.weigh(plugin, Number(event.currentTarget.value))}
      >
        {factors.map((one) => (
          <option key={one} value={one}>
            ×{one}
          </option>
        ))}
      </select>
    </label>
  )
}

function MachineColumn(props: {
  column: Column
  plugins: readonly string[]
  most: number
  wouldWin: boolean
  rect: Rect
  /** How high it may become. */
  room: number
}) {
  const { column, plugins, most, wouldWin, rect, room } = props
  const { node, failed, counts, sum, isChosen } = column
  if (failed) {
    const height = Math.max(rect.height, Math.min(reasonHeight, room))
    return (
      <div className={style.refused} style={at({ ...rect, y: rect.y + rect.height - height, height })} data-node={node}>
        <Shape state="fail" size={13} />
        <b>{failed.plugin}</b>
        <span>{failed.reason}</span>
      </div>
    )
  }
  return (
    <div className={style.column} style={at(rect)} data-node={node} data-chosen={isChosen || undefined}>
      {plugins.map((plugin) => {
        const count = counts.get(plugin) ?? 0
        return (
          <span key={plugin} className={style.cell}>
            <i style={{ width: `calc((100% - ${numberWidth}px) * ${most > 0 ? count / most : 0})` }} />
            <code>{count}</code>
          </span>
        )
      })}
      <span className={style.sum} data-wins={wouldWin || undefined}>
        {isChosen && <Shape state="ok" size={13} label="chosen" />}
        <code>{sum ?? 'fits'}</code>
      </span>
    </div>
  )
}
