// The way from a Service to somebody who answers, in the order in which the cluster itself asks: is there an address, does
// the selector find Pods, are those Ready, does the target port lead to one of theirs? The first that fails says why the
// Service reaches nobody, in the words of the learner's own objects. Checks of labs use the same words.

import type { Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { formatSelector, selectorOfMap } from '../../kube/apimachinery/index.ts'
import { clusterIPsOf, withPort } from './object-addresses.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'

export interface PathStep {
  asks: string
  /** `wait`: the question was not reached, or nothing but a call can answer it. */
  state: 'ok' | 'fail' | 'wait'
  says: string
}

export interface ServicePath {
  steps: PathStep[]
  /** Why it reaches nobody; empty where it reaches somebody. */
  nobody: string
  /** What Pods of the namespace carry instead of what is selected. */
  nearest: { selects: string; pods: number; have: string }[]
}

interface Objects {
  pods: readonly Pod[]
  endpointSlices: readonly EndpointSlice[]
}

export function pathOfService(service: Service, { pods, endpointSlices }: Objects): ServicePath {
  const selected = selectedPods(service, pods)
  const ready = readyEndpoints(service, endpointSlices)
  const judged = [
    judgeAddress(service),
    judgeSelector(service, pods, selected, ready),
    judgeReady(selected, ready),
    judgePort(service, selected),
  ]
  const failing = judged.findIndex(({ state }) => state === 'fail')
  const steps = judged.map((step, index) =>
    failing >= 0 && index > failing ? { ...step, state: 'wait' as const, says: 'Not reached.' } : step,
  )
  const nobody = ready > 0 || isExternalName(service) ? '' : (judged[failing]?.says ?? notWrittenYet)
  return { steps, nobody, nearest: selected.length === 0 ? nearestLabels(service, pods) : [] }
}

const notWrittenYet = 'The EndpointSlice loop is about to write them.'

/** Why a Service has no endpoint at all, or undefined when somebody has the labels it asks for. */
export function selectsNobody(service: Service, pods: readonly Pod[], who = 'It'): string | undefined {
  const selector = service.spec?.selector ?? {}
  const keys = Object.keys(selector)
  if (keys.length === 0) return `${who} has no selector, so no loop fills in its endpoints.`
  if (selectedPods(service, pods).length > 0) return undefined
  const which = keys.length === 1 ? 'no Pod has that label' : 'no Pod has all of these labels'
  return `${who} selects \`${formatSelector(selectorOfMap(selector))}\`; ${which}.`
}

/** Those of its own namespace that are not on their way out. */
export function selectedPods(service: Service, pods: readonly Pod[]): Pod[] {
  const wanted = Object.entries(service.spec?.selector ?? {})
  if (wanted.length === 0) return []
  return living(service, pods).filter((pod) => wanted.every(([key, value]) => pod.metadata?.labels?.[key] === value))
}

/** Where a target port leads: its number, or NaN for a name that none of these Pods gives to a port. */
export function targetPortOf(target: number | string, pods: readonly Pod[]): number {
  if (typeof target === 'number') return target
  return portsOf(pods).find((port) => port.name === target)?.containerPort ?? Number(target)
}

function judgeAddress(service: Service): PathStep {
  const asks = 'Has the Service an address?'
  const { clusterIP, ports = [], externalName = '' } = service.spec ?? {}
  if (isExternalName(service)) return { asks, state: 'ok', says: `None: its name stands for \`${externalName}\`.` }
  if (clusterIP === 'None') return { asks, state: 'ok', says: 'None, by wish: its name leads to the Pods themselves.' }
  const addresses = clusterIPsOf(service)
    .flatMap((ip) => ports.map(({ port }) => `\`${withPort(ip, port)}\``))
    .join(', ')
  return { asks, state: 'ok', says: `Yes, ${addresses}.` }
}

function judgeSelector(service: Service, pods: readonly Pod[], selected: readonly Pod[], ready: number): PathStep {
  const asks = 'Does its selector find Pods?'
  const nobody = selectsNobody(service, pods)
  const hasSelector = Object.keys(service.spec?.selector ?? {}).length > 0
  if (nobody && !hasSelector && (ready > 0 || isExternalName(service))) {
    return { asks, state: 'ok', says: 'It has none: somebody else wrote its endpoints.' }
  }
  if (nobody) return { asks, state: 'fail', says: nobody }
  const all = living(service, pods).length
  return {
    asks,
    state: 'ok',
    says: `Yes, ${selected.length} of ${podsIn(all)} in \`${service.metadata?.namespace ?? ''}\`.`,
  }
}

function judgeReady(selected: readonly Pod[], ready: number): PathStep {
  const asks = 'Are those Pods Ready?'
  if (selected.length === 0) return { asks, state: ready > 0 ? 'ok' : 'wait', says: `${ready} endpoints are ready.` }
  const fit = selected.filter(isReady).length
  if (fit === selected.length) return { asks, state: 'ok', says: fit === 1 ? 'Yes, the one.' : `Yes, all ${fit}.` }
  if (fit > 0) return { asks, state: 'ok', says: `${fit} of ${selected.length}; the others are sent nothing.` }
  const says =
    selected.length === 1
      ? '1 Pod is selected, and it is not Ready.'
      : `${podsIn(selected.length)} are selected, none is Ready.`
  return { asks, state: 'fail', says }
}

function judgePort(service: Service, selected: readonly Pod[]): PathStep {
  const asks = 'Does the target port lead anywhere?'
  if (selected.length === 0) return { asks, state: 'wait', says: 'No Pod of its own to ask.' }
  const declared = portsOf(selected)
  const words = [
    ...new Set(declared.map(({ name, containerPort }) => (name ? `${containerPort} (${name})` : `${containerPort}`))),
  ]
  const has = words.length === 0 ? 'they name none' : `they have ${words.join(', ')}`
  for (const { port, targetPort = port } of service.spec?.ports ?? []) {
    const target = targetPortOf(targetPort, selected)
    if (Number.isNaN(target)) {
      return { asks, state: 'fail', says: `targetPort \`${targetPort}\` names no port of these containers; ${has}.` }
    }
    if (!declared.some(({ containerPort }) => containerPort === target)) {
      const says = `The containers do not say that they listen on \`${target}\`; ${has}. Only a call can tell.`
      return { asks, state: 'wait', says }
    }
  }
  return { asks, state: 'ok', says: `Yes, the containers have ${words.join(', ')}.` }
}

function nearestLabels(service: Service, pods: readonly Pod[]): ServicePath['nearest'] {
  return Object.entries(service.spec?.selector ?? {}).flatMap(([key, value]) => {
    const carried = new Map<string, number>()
    for (const pod of living(service, pods)) {
      const other = pod.metadata?.labels?.[key]
      if (other !== undefined && other !== value) carried.set(other, (carried.get(other) ?? 0) + 1)
    }
    const [most] = [...carried].sort(([, one], [, other]) => other - one)
    return most ? [{ selects: `${key}=${value}`, pods: most[1], have: `${key}=${most[0]}` }] : []
  })
}

/** A slice without ports, as one gets for a target port that no container has, leads nowhere. */
function readyEndpoints(service: Service, slices: readonly EndpointSlice[]): number {
  const needsPort = (service.spec?.ports ?? []).length > 0
  return slicesOf(service, slices)
    .filter(({ ports }) => !needsPort || (ports ?? []).length > 0)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false).length
}

export function slicesOf(service: Service, slices: readonly EndpointSlice[]): EndpointSlice[] {
  return slices.filter(
    ({ metadata }) =>
      metadata?.namespace === service.metadata?.namespace &&
      metadata?.labels?.[SERVICE_NAME] === service.metadata?.name,
  )
}

const living = (service: Service, pods: readonly Pod[]) =>
  pods.filter(({ metadata }) => metadata?.namespace === service.metadata?.namespace && !metadata?.deletionTimestamp)
const isExternalName = (service: Service) => service.spec?.type === 'ExternalName'
const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
const portsOf = (pods: readonly Pod[]) =>
  pods
    .flatMap(({ spec }) => [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])])
    .flatMap(({ ports = [] }) => ports)
const podsIn = (count: number) => (count === 1 ? '1 Pod' : `${count} Pods`)
