'use client'

// A traced request on the canvas: the machines that it came through with what it met in each kernel, and the way that it took.
// It stands still: what moves in the picture happens now, and this has happened.

import type { TracedRequest } from '../../../../../server/observe/index.ts'
import { Glyph } from '../../../../_ui/glyph.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { InlineCode } from '../../../instructions/inline-code.tsx'
import type { LayerProps } from '../../lens.ts'
import { isSameObject, type ObjectRef, toggle } from '../../picture/selection.ts'
import network from '../network.module.css'
import { at, PodRow, podRef, ServiceCard, serviceRef, shapeOf } from '../network-cards.tsx'
import type { NetworkModel } from '../network-model.ts'
import style from './trace-layer.module.css'
import { layoutTrace, type TraceColumn } from './trace-layout.ts'
import { legsOf, podsOfTrace } from './trace-legs.ts'
import type { Station } from './trace-stations.ts'
import { useTrace } from './use-trace.ts'

/** For a rule and what became of it; else the one that was taken is told by its mark. */
const wideEnough = 190

export function TraceLayer(props: LayerProps & { traced: TracedRequest; model: NetworkModel }) {
  const { store, selection, layout, traced, model, lookCloser } = props
  const trace = useTrace(props)
  const { asked } = traced.ends
  const service = asked?.service && model.service(asked.service.namespace, asked.service.name)
  const placed = layoutTrace(layout, traced, {
    legs: legsOf(traced),
    pods: podsOfTrace(traced, model),
    machines: model.machines,
    hasService: service !== undefined,
  })
  const { wire } = placed
  const isChosen = (object: ObjectRef) =>
    selection !== null && 'object' in selection && isSameObject(selection.object, object)
  return (
    <div
      className={network.layer}
      data-network="trace"
      data-verdict={traced.verdict.state}
      data-low={placed.isLow || undefined}
    >
      {service && (
        <ServiceCard
          service={service}
          rect={placed.service}
          rate={0}
          isChosen={isChosen(serviceRef(service))}
          choose={() => toggle(props, serviceRef(service))}
        />
      )}
      {placed.columns.map((column) => (
        <div key={column.machine.name}>
          <Column column={column} isHeard={!traced.unheard.some(({ machine }) => machine === column.machine.name)} />
          {column.pods.map(({ pod, role, ...rect }) => (
            <PodRow
              key={`${pod.namespace}/${pod.name}`}
              pod={pod}
              rect={rect}
              state={shapeOf(store, pod)}
              isTouched={role === 'calls' || role === 'answers' || role === 'refuses'}
              isChosen={isChosen(podRef(pod))}
              role={role}
              choose={() => toggle(props, podRef(pod))}
            />
          ))}
          {column.stations.map((station) => (
            <StationCard
              key={station.drawn.number}
              station={station}
              isPointed={trace.pointed === station.drawn.number}
              point={() => {
                trace.point(station.drawn.number)
                lookCloser?.()
              }}
            />
          ))}
        </div>
      ))}
      {placed.outside && (
        <div className={network.place} style={at(placed.outside)}>
          <b>{placed.outside.name}</b>
        </div>
      )}
      <svg className={network.lines} width={layout.width} height={layout.height} aria-hidden="true">
        <title>The way of the traced request</title>
        <line className={style.wire} x1={wire.x1} x2={wire.x2} y1={wire.y} y2={wire.y} />
        <g data-hot="">
          <path d={placed.path} data-trace-path="" />
        </g>
      </svg>
      {placed.discs.map(({ x, y, drawn: { number, hop } }) => (
        <i
          key={number}
          className={style.disc}
          style={{ left: x, top: y }}
          data-refused={hop.state === 'fail' || undefined}
          data-disc={number}
          aria-hidden="true"
        >
          {number}
        </i>
      ))}
    </div>
  )
}

function Column({ column, isHeard }: { column: TraceColumn; isHeard: boolean }) {
  const { machine, foldedPods, folded, stations, ...rect } = column
  return (
    <div className={network.machine} style={at(rect)} data-machine={machine.name} data-traced={stations.length}>
      <span>
        <Glyph who="node" size={13} />
        <b>{machine.name}</b>
        <code className={style.range}>{machine.podCidrs[0]}</code>
      </span>
      {(foldedPods > 0 || folded > 0) && (
        <small>
          {[foldedPods > 0 && `+${foldedPods} Pods`, folded > 0 && `${folded} more in the list`]
            .filter(Boolean)
            .join(', ')}
        </small>
      )}
      {stations.length === 0 && (
        <small>{isHeard ? 'Its kernel did not see the request.' : 'Its kernel could not be asked.'}</small>
      )}
    </div>
  )
}

function StationCard({ station, isPointed, point }: { station: Station; isPointed: boolean; point: () => void }) {
  const { drawn, rows, isBelow, leg: _, ...rect } = station
  const { number, hop } = drawn
  const { kind, title, says, state, choice = [] } = hop
  // The one that was taken is among those that are shown.
  const taken = choice.findIndex(({ isTaken }) => isTaken)
  const first = Math.max(0, Math.min(taken - rows + 1, choice.length - rows))
  return (
    <button
      type="button"
      className={`${style.station} nopan`}
      style={at(rect)}
      data-station={kind}
      data-state={state}
      aria-pressed={isPointed}
      title={`Hop ${number}`}
      onClick={point}
    >
      <span>
        {state === 'fail' && <Shape state="fail" size={12} />}
        <b>{title}</b>
        {rows === 0 && !isBelow && <Says text={says} />}
      </span>
      {rows === 0 && isBelow && <Says text={says} />}
      {choice.slice(first, first + rows).map(({ words, isTaken, end }) => (
        <span key={words} data-met={isTaken || undefined}>
          <code>{words.replace(/:\d+$/, '')}</code>
          {rect.width > wideEnough && <em>{end}</em>}
        </span>
      ))}
    </button>
  )
}

function Says({ text }: { text: string }) {
  return (
    <em>
      <InlineCode text={text} />
    </em>
  )
}
