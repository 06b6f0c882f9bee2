'use client'

// The text twin of the picture: for screen readers, for small widths, for projectors that are too dim.

import { memo } from 'react'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { eventWords } from '../picture/event-words.ts'
import { loopState } from '../picture/loop-state.ts'
import type { PictureModel, Row } from '../picture/picture-model.ts'
import { podShape } from '../picture/pod-state.ts'
import type { Selecting } from '../picture/selection.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { useNewest } from '../use-newest.ts'

export function LoopsTable({ store, selection, select }: LensProps) {
  usePictureVersion(store)
  const { model } = store
  const { rows: events, older } = useNewest((most) => newestEvents(model, most))
  const selected = selection && 'seq' in selection ? selection.seq : undefined
  return (
    <LensTables of="loops" label="The picture as tables">
      <LensTable caption="Machines and Pods" columns={['Machine', 'Pod', 'Status']}>
        {model.nodes.map((node) => (
          <tr key={node.name}>
            <th scope="row">{node.name}</th>
            <td />
            <td>
              <Shape state={node.ready ? 'ok' : 'wait'} size={12} /> {node.ready ? 'Ready' : 'NotReady'}
              {node.simulated && ', simulated'}
            </td>
          </tr>
        ))}
        {model.pods.map((pod) => (
          <tr key={`${pod.namespace}/${pod.name}`}>
            <td>{pod.node || 'no machine yet'}</td>
            <td>
              <code>
                {pod.namespace}/{pod.name}
              </code>
            </td>
            <td>
              <Shape state={podShape(pod)} size={12} /> {pod.status}
            </td>
          </tr>
        ))}
      </LensTable>
      <LensTable caption="Loops" columns={['Loop', 'State', 'Cache', 'Queue']}>
        {model.loops.map((client) => {
          const loop = model.client(client)
          const state = loopState(loop, model.now, model.gate(client))
          return (
            <tr key={client}>
              <RowHead onPick={() => select({ client })}>{model.place(client).label}</RowHead>
              <td>
                <Shape state={state.shape} size={12} /> {state.word}
              </td>
              <td className="mono">{loop.cacheRevision || '—'}</td>
              <td className="mono">{loop.queueLength}</td>
            </tr>
          )
        })}
      </LensTable>
      <LensTable
        caption="Events, newest first"
        columns={['No.', 'What', 'Who', 'Object', 'Result']}
        older={older}
        none={
          <>
            Nothing yet. Create something: <code>kubectl create deployment web --image=nginx</code>
          </>
        }
      >
        {events.map((row) => (
          <EventRow key={row.seq} row={row} isSelected={selected === row.seq} select={select} />
        ))}
      </LensTable>
    </LensTables>
  )
}

function newestEvents(model: PictureModel, most: number): Row[] {
  const events: Row[] = []
  for (let at = model.rows.length - 1; at >= 0 && events.length < most; at--) {
    const row = model.rows[at]!
    if (model.isVisible(row) && row.event.type !== 'loop') events.push(row)
  }
  return events
}

/** Rows never change; only the few new ones are drawn when events come by the hundred. */
const EventRow = memo(function EventRow(props: { row: Row; isSelected: boolean; select: Selecting['select'] }) {
  const { row, isSelected, select } = props
  const { seq, event } = row
  const words = eventWords(event)
  return (
    <tr data-type={event.type} data-seq={seq} aria-current={isSelected || undefined}>
      <RowHead label={`Event ${seq}: show its causes`} onPick={() => select(isSelected ? null : { seq })}>
        {seq}
      </RowHead>
      <td>{words.what}</td>
      <td className="mono">{words.who}</td>
      <td className="mono">{words.object}</td>
      <td>{words.result}</td>
    </tr>
  )
})
