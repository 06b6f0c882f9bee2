'use client'

// Services over the machines, Pods in their places with their addresses, and a line for every way that a connection took.
// A dot moves for what has just begun, with a number when it is several; when nothing begins, nothing moves.

import { useReducedMotion } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import type {
  NetworkMachine,
  NetworkPod,
  NetworkService,
  Place,
  SeenConnection,
} from '../../../../server/observe/index.ts'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { Rect } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { podShape } from '../picture/pod-state.ts'
import { isSameObject, type ObjectRef, toggle } from '../picture/selection.ts'
import { shortName } from '../picture/short-name.ts'
import style from './network.module.css'
import { layoutNetwork, type NetworkLayout } from './network-layout.ts'
import { flowKey, placeKey, placeName, rateOf } from './network-model.ts'
import { useNetwork } from './use-network.ts'

const travelMs = 700

export function NetworkLayer(props: LayerProps) {
  const { store, selection, select, layout } = props
  const network = useNetwork(props)
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
        {placed.lines.map(({ flow, path }) => (
          <g key={flow.key} data-flow={flow.key} data-hot={flow.key === hot || undefined}>
            <path d={path} />
            {/* Wide enough to be hit. */}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the scope and the table offer the same connections to the keyboard */}
            <path
              className={`${style.hit} nopan`}
              d={path}
              onClick={() => {
                select(null)
                network.choose(flow.connections.at(-1)?.id)
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

/** Pods of a machine differ at the end of their addresses. */
function endOf(ip: string, width: number): string {
  const room = Math.floor((width - 20) / 6.7)
  return ip.length <= room ? ip : `…${ip.slice(1 - room)}`
}

const at = ({ x, y, width, height }: Rect) => ({ left: x, top: y, width, height })
const podRef = ({ namespace, name }: NetworkPod): ObjectRef => ({ group: '', resource: 'pods', namespace, name })
const serviceRef = ({ namespace, name }: NetworkService): ObjectRef => ({
  group: '',
  resource: 'services',
  namespace,
  name,
})
const isService = ({ namespace, name }: NetworkService, { service }: Place) =>
  service?.name === name && service.namespace === namespace

/** A learner's own first; what belongs to the cluster last. */
function inOrder<T extends { namespace: string; name: string }>(all: readonly T[]): T[] {
  const rank = ({ namespace, name }: T) => (namespace === 'kube-system' ? 2 : name === 'kubernetes' ? 1 : 0)
  return all.toSorted((one, other) => rank(one) - rank(other))
}

function shapeOf(store: LayerProps['store'], { namespace, name }: NetworkPod) {
  const pod = store.model.pods.find((one) => one.name === name && one.namespace === namespace)
  return pod ? podShape(pod) : 'wait'
}

function ServiceCard(props: {
  service: NetworkService
  rect: Rect
  rate: number
  isChosen: boolean
  choose: () => void
}) {
  const { service, rect, rate, isChosen, choose } = props
  const { name, clusterIP, ports, selector, endpoints, path } = service
  const ready = endpoints.filter((one) => one.ready).length
  const port = ports[0] ? `:${ports[0].port}` : ''
  return (
    <button
      type="button"
      className={`${style.service} nopan`}
      style={at(rect)}
      data-service={name}
      data-nobody={path.nobody ? '' : undefined}
      aria-pressed={isChosen}
      title={`Service ${service.namespace}/${name}`}
      onClick={choose}
    >
      <span>
        <Glyph who="net" size={13} />
        <b>{shortName(name, Math.max(8, Math.floor((rect.width - 150) / 7.5)))}</b>
        <code className={style.address}>{clusterIP ? `${clusterIP}${port}` : 'no address'}</code>
      </span>
      {/* The reason names the selector, and is never cut. */}
      {!path.nobody && (
        <span>
          {selector ? <code>{selector}</code> : 'no selector'}
          {rate > 0 && <i data-rate={rate}>{rate}/s</i>}
        </span>
      )}
      <span data-says="">
        <Shape state={path.nobody ? 'fail' : 'ok'} size={12} />
        <em>
          {path.nobody ? <InlineCode text={path.nobody} /> : `${ready} ${ready === 1 ? 'endpoint' : 'endpoints'} ready`}
        </em>
      </span>
    </button>
  )
}

function Machine(
  props: Rect & {
    machine: NetworkMachine
    foldedPods: number
    pods: unknown[]
    isPast: boolean
    children: React.ReactNode
  },
) {
  const { machine, foldedPods, pods, isPast, children, ...rect } = props
  const { name, podCidr, state, why } = machine
  return (
    <>
      <div className={style.machine} style={at(rect)} data-machine={name} data-hears={state}>
        <span>
          <Glyph who="node" size={13} />
          <b>{name}</b>
          {state !== 'listening' && (
            <em title={why}>
              <Shape state={state === 'simulated' ? 'idle' : 'wait'} size={11} />
              {state === 'simulated' ? 'simulated' : isPast ? 'not heard then' : 'not heard yet'}
            </em>
          )}
        </span>
        <code>{podCidr}</code>
        {foldedPods > 0 && <small>+{foldedPods} Pods</small>}
        {state === 'simulated' && <small>{why}</small>}
        {state !== 'simulated' && pods.length === 0 && <small>No Pods here.</small>}
      </div>
      {children}
    </>
  )
}

function PodRow(props: {
  pod: NetworkPod
  rect: Rect
  state: React.ComponentProps<typeof Shape>['state']
  isTouched: boolean
  isChosen: boolean
  choose: () => void
}) {
  const { pod, rect, state, isTouched, isChosen, choose } = props
  return (
    <button
      type="button"
      className={`${style.pod} nopan`}
      style={at(rect)}
      data-pod={pod.name}
      data-touched={isTouched || undefined}
      aria-pressed={isChosen}
      title={`${pod.namespace}/${pod.name}`}
      onClick={choose}
    >
      <span>
        <Shape state={state} size={12} />
        <b>{shortName(pod.name, Math.max(4, Math.floor((rect.width - 36) / 7.3)))}</b>
      </span>
      <code>{pod.onHost ? 'the machine’s address' : endOf(pod.ip, rect.width) || 'no address yet'}</code>
    </button>
  )
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
