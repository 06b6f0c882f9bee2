'use client'

// What the Network lens draws of things: Services, machines, Pods with their addresses.

import type { NetworkMachine, NetworkPod, NetworkService } from '../../../../server/observe/index.ts'
import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { InlineCode } from '../../instructions/inline-code.tsx'
import type { Rect } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { podShape } from '../picture/pod-state.ts'
import type { ObjectRef } from '../picture/selection.ts'
import { shortName } from '../picture/short-name.ts'
import style from './network.module.css'
import { withPort } from './network-model.ts'

/** Pods of a machine differ at the end of their addresses. */
function endOf(ip: string, width: number): string {
  const room = Math.floor((width - 20) / 6.7)
  return ip.length <= room ? ip : `…${ip.slice(1 - room)}`
}

export const at = ({ x, y, width, height }: Rect) => ({ left: x, top: y, width, height })
type Named = Pick<NetworkPod, 'namespace' | 'name'>
export const podRef = ({ namespace, name }: Named): ObjectRef => ({ group: '', resource: 'pods', namespace, name })
export const serviceRef = ({ namespace, name }: Named): ObjectRef => ({
  group: '',
  resource: 'services',
  namespace,
  name,
})
export function shapeOf(store: LayerProps['store'], { namespace, name }: NetworkPod) {
  const pod = store.model.pods.find((one) => one.name === name && one.namespace === namespace)
  return pod ? podShape(pod) : 'wait'
}

export function ServiceCard(props: {
  service: NetworkService
  rect: Rect
  rate: number
  isChosen: boolean
  choose: () => void
}) {
  const { service, rect, rate, isChosen, choose } = props
  const {
    name,
    clusterIPs: [clusterIP],
    ports,
    selector,
    endpoints,
    path,
  } = service
  const ready = endpoints.filter((one) => one.ready).length
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
        <code className={style.address}>{clusterIP ? withPort(clusterIP, ports[0]?.port) : 'no address'}</code>
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

export function Machine(
  props: Rect & {
    machine: NetworkMachine
    foldedPods: number
    pods: unknown[]
    isPast: boolean
    children: React.ReactNode
  },
) {
  const { machine, foldedPods, pods, isPast, children, ...rect } = props
  const { name, podCidrs, state, why } = machine
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
        <code>{podCidrs[0]}</code>
        {foldedPods > 0 && <small>+{foldedPods} Pods</small>}
        {state === 'simulated' && <small>{why}</small>}
        {state !== 'simulated' && pods.length === 0 && <small>No Pods here.</small>}
      </div>
      {children}
    </>
  )
}

export function PodRow(props: {
  pod: NetworkPod
  rect: Rect
  state: React.ComponentProps<typeof Shape>['state']
  isTouched: boolean
  isChosen: boolean
  /** What it is in a traced request. */
  role?: string
  choose: () => void
}) {
  const { pod, rect, state, isTouched, isChosen, role, choose } = props
  return (
    <button
      type="button"
      className={`${style.pod} nopan`}
      style={at(rect)}
      data-pod={pod.name}
      data-touched={isTouched || undefined}
      data-role={role}
      aria-pressed={isChosen}
      title={`${pod.namespace}/${pod.name}`}
      onClick={choose}
    >
      <span>
        <Shape state={state} size={12} />
        <b>{shortName(pod.name, Math.max(4, Math.floor((rect.width - 36 - 6.4 * (role?.length ?? 0)) / 7.3)))}</b>
        {role && <em>{role}</em>}
      </span>
      <code>{pod.onHost ? 'the machine’s address' : endOf(pod.ips[0] ?? '', rect.width) || 'no address yet'}</code>
    </button>
  )
}
