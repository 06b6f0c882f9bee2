'use client'

// Services over the machines, Pods in their places with their addresses, and a line for every way that a connection took.
// A dot moves for what has just begun, with a number when it is several; when nothing begins, nothing moves.

import { useReducedMotion } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import type { NetworkService, Place, SeenConnection } from '../../../../server/observe/index.ts'
import type { LayerProps } from '../lens.ts'
import { isSameObject, type ObjectRef, toggle } from '../picture/selection.ts'
import style from './network.module.css'
import { at, Machine, PodRow, podRef, ServiceCard, serviceRef, shapeOf } from './network-cards.tsx'
import { layoutNetwork, type NetworkLayout } from './network-layout.ts'
import { type Flow, flowKey, placeKey, placeName, rateOf } from './network-model.ts'
import type { NetworkStore } from './network-store.ts'
import { TraceLayer } from './trace/trace-layer.tsx'
import { useTrace } from './trace/use-trace.ts'
import { useNetwork } from './use-network.ts'

const travelMs = 700

export function NetworkLayer(props: LayerProps) {
  const network = useNetwork(props)
  const { traced } = useTrace(props)
  const { model } = network
  if (traced && model.until === undefined) return <TraceLayer {...props} traced={traced} model={model} />
  return <LiveLayer {...props} network={network} />
}

function LiveLayer(props: LayerProps & { network: NetworkStore }) {
  const { store, selection, select, layout, network, lookCloser } = props
  const { model, chosen, isBusy } = network
  const { flows } = model
  const chosenFlow = selection || chosen === undefined ? undefined : model.connection(chosen)
  const hot = chosenFlow && flowKey(chosenFlow)
  const placed = layoutNetwork(layout, {
    ...model,
    services: inOrder(model.shownServices),
    pods: inOrder(model.pods),
    flows,
  })
  const dots = useDots(network.onBegun, placed.lines)
  const isChosen = (object: ObjectRef) =>
    selection !== null && 'object' in selection && isSameObject(selection.object, object)
  const isTouched = (key: string) =>
    chosenFlow !== undefined && [chosenFlow.from, chosenFlow.endpoint].some((place) => placeKey(place) === key)

  return (
    <div className={style.layer} data-network={model.isWhole ? 'whole' : 'waiting'}>
      <svg className={style.lines} width={layout.width} height={layout.height} aria-hidden="true">
        <title>Ways that connections took</title>
        <defs>
          <marker
            id="network-stopped"
            viewBox="0 0 13 13"
            refX={13}
            refY={6.5}
            markerWidth={13}
            markerHeight={13}
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path className={style.stop} d="M6.5 0 13 6.5 6.5 13 0 6.5z" />
            <path className={style.cross} d="m4.5 4.5 4 4m0-4-4 4" />
          </marker>
        </defs>
        {placed.lines.map(({ flow, path }) => (
          <g
            key={flow.key}
            data-flow={flow.key}
            data-hot={flow.key === hot || undefined}
            data-stopped={isStopped(flow) ? '' : undefined}
          >
            <path d={path} {...(isStopped(flow) ? { markerEnd: 'url(#network-stopped)' } : {})} />
            {/* Wide enough to be hit. */}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the scope and the table offer the same connections to the keyboard */}
            <path
              className={`${style.hit} nopan`}
              d={path}
              onClick={() => {
                select(null)
                network.choose(flow.connections.at(-1)?.id)
                lookCloser?.()
              }}
            />
          </g>
        ))}
      </svg>
      {!model.isWhole && (
        <p className={style.empty}>{network.problem || 'Asking the machines what their kernels see.'}</p>
      )}
      {model.isWhole && placed.services.length === 0 && (
        <p className={style.empty} style={{ maxWidth: layout.api.width }}>
          Services stand here, over the Pods that they lead to. There is none of yours yet: make one with{' '}
          <code>kubectl expose</code>.
        </p>
      )}
      {placed.services.map(({ service, ...rect }) => (
        <ServiceCard
          key={`${service.namespace}/${service.name}`}
          service={service}
          rect={rect}
          rate={
            isBusy && model.until === undefined
              ? rateOf(model.connections.filter(({ asked }) => isService(service, asked)))
              : 0
          }
          isChosen={isChosen(serviceRef(service))}
          choose={() => toggle(props, serviceRef(service))}
        />
      ))}
      {placed.foldedServices > 0 && (
        <p className={style.folded} style={{ left: layout.api.x, top: (placed.services.at(-1)?.y ?? 0) + 66 }}>
          {placed.foldedServices} more Services are in the table.
        </p>
      )}
      {placed.machines.map((machine) => (
        <Machine key={machine.machine.name} {...machine} isPast={model.until !== undefined}>
          {machine.pods.map(({ pod, ...rect }) => (
            <PodRow
              key={`${pod.namespace}/${pod.name}`}
              pod={pod}
              rect={rect}
              state={shapeOf(store, pod)}
              isTouched={isTouched(`pod ${pod.namespace}/${pod.name}`)}
              isChosen={isChosen(podRef(pod))}
              choose={() => toggle(props, podRef(pod))}
            />
          ))}
        </Machine>
      ))}
      {placed.elsewhere.map(({ place, ...rect }) => (
        <div key={placeKey(place)} className={style.place} style={at(rect)} title={place.ip}>
          <b>{placeName(place)}</b>
          {placeName(place) !== place.ip && <code>{place.ip}</code>}
        </div>
      ))}
      <div ref={dots} className={style.dots} aria-hidden="true" />
    </div>
  )
}

const isStopped = ({ connections }: Flow) => connections.at(-1)?.end?.by !== undefined

const isService = ({ namespace, name }: NetworkService, { service }: Place) =>
  service?.name === name && service.namespace === namespace

/** A learner's own first; what belongs to the cluster last. */
function inOrder<T extends { namespace: string; name: string }>(all: readonly T[]): T[] {
  const rank = ({ namespace, name }: T) => (namespace === 'kube-system' ? 2 : name === 'kubernetes' ? 1 : 0)
  return all.toSorted((one, other) => rank(one) - rank(other))
}

/** Dots live outside React, as those of the other lenses do: one element each, moved by the browser itself. */
function useDots(
  onBegun: (watcher: (begun: readonly SeenConnection[]) => void) => () => void,
  lines: NetworkLayout['lines'],
) {
  const ref = useRef<HTMLDivElement>(null)
  const waiting = useRef<SeenConnection[]>([])
  const isStill = useReducedMotion()
  useEffect(() => onBegun((begun) => void waiting.current.push(...begun)), [onBegun])
  // After a rendering the new ways are there too.
  useEffect(() => {
    const begun = waiting.current.splice(0)
    if (begun.length === 0 || isStill || document.hidden) return
    for (const [key, some] of Map.groupBy(begun, flowKey)) {
      const line = lines.find(({ flow }) => flow.key === key)
      if (line) moveDot(ref.current, line.path, some.length)
    }
  })
  return ref
}

function moveDot(layer: HTMLDivElement | null, path: string, count: number): void {
  const dot = document.createElement('i')
  dot.style.offsetPath = `path("${path}")`
  if (count > 1) dot.textContent = String(count)
  layer?.append(dot)
  const animation = dot.animate([{ offsetDistance: '0%' }, { offsetDistance: '100%' }], travelMs)
  animation.onfinish = () => dot.remove()
  animation.oncancel = () => dot.remove()
}
