'use client'

// The text twin of the picture: for screen readers, for small widths, for projectors that are too dim.

import { memo } from 'react'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import { eventWords } from '../picture/event-words.ts'
import { loopState } from '../picture/loop-state.ts'
import type { Row } from '../picture/picture-model.ts'
import { podShape } from '../picture/pod-state.ts'
import type { Selecting } from '../picture/selection.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import style from '../table.module.css'

const mostRows = 1000

export function LoopsTable({ store, selection, select }: LensProps) {
  usePictureVersion(store)
  const { model } = store
  const events = []
  for (let at = model.rows.length - 1; at >= 0 && events.length < mostRows; at--) {
    const row = model.rows[at]!
    if (model.isVisible(row) && row.event.type !== 'loop') events.push(row)
  }
  const selected = selection && 'seq' in selection ? selection.seq : undefined
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={style.scroll} aria-label="The picture as tables" tabIndex={0} data-picture-table="">
      <table className={style.table}>
        <caption>Machines and Pods</caption>
        <thead>
          <tr>
            <th scope="col">Machine</th>
            <th scope="col">Pod</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
      <table className={style.table}>
        <caption>Loops</caption>
        <thead>
          <tr>
            <th scope="col">Loop</th>
            <th scope="col">State</th>
            <th scope="col">Cache</th>
            <th scope="col">Queue</th>
          </tr>
        </thead>
        <tbody>
          {model.loops.map((client) => {
            const loop = model.client(client)
            const state = loopState(loop, model.now, model.gate(client))
            return (
              <tr key={client}>
                <th scope="row">
                  <button type="button" className={style.pick} onClick={() => select({ client })}>
                    {model.place(client).label}
                  </button>
                </th>
                <td>
                  <Shape state={state.shape} size={12} /> {state.word}
                </td>
                <td className="mono">{loop.cacheRevision || '—'}</td>
                <td className="mono">{loop.queueLength}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <table className={style.table}>
        <caption>Events, newest first</caption>
        <thead>
          <tr>
            <th scope="col">No.</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">Object</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {events.length === 0 && (
            <tr>
              <td colSpan={5}>
                Nothing yet. Create something: <code>kubectl create deployment web --image=nginx</code>
              </td>
            </tr>
          )}
          {events.map((row) => (
            <EventRow key={row.seq} row={row} isSelected={selected === row.seq} select={select} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Rows never change; only the few new ones are drawn when events come by the hundred. */
const EventRow = memo(function EventRow(props: { row: Row; isSelected: boolean; select: Selecting['select'] }) {
  const { row, isSelected, select } = props
  const { seq, event } = row
  const words = eventWords(event)
  return (
    <tr data-type={event.type} data-seq={seq} aria-current={isSelected || undefined}>
      <th scope="row">
        <button
          type="button"
          className={style.pick}
          aria-label={`Event ${seq}: show its causes`}
          onClick={() => select(isSelected ? null : { seq })}
        >
          {seq}
        </button>
      </th>
      <td>{words.what}</td>
      <td className="mono">{words.who}</td>
      <td className="mono">{words.object}</td>
      <td>{words.result}</td>
    </tr>
  )
})
