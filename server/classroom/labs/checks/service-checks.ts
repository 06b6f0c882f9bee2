// Checks about Services: whom they select, and who of those is fit to be sent traffic.

import { selectsNobody, targetPortOf } from '../../../observe/index.ts'
import { type Check, count, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import {
  type ClusterView,
  elsewhere,
  isReady,
  LAB_NAMESPACE,
  named,
  type Pod,
  podsWith,
  type Service,
  selectorText,
} from '../cluster-view.ts'
import { SERVICE_LOOPS } from '../loops.ts'
import { podsOf } from './deployment-checks.ts'
import { troubleOf } from './pod-troubles.ts'

interface Ports {
  port: number
  targetPort: number
  endpoints: number
}

interface Wish extends Ports {
  wanted: string
  /** Why the selector does not find whom it should. */
  strayed: (selector: Record<string, string>) => string | undefined
}

/** By exactly this selector: where it is what the step is about. */
export function serviceReaches(name: string, wish: Ports & { selector: Record<string, string> }): Check {
  const text = selectorText(wish.selector)
  return reaches(name, wish, `${count(wish.endpoints, 'Pod')} with \`${text}\``, () => (selector) => {
    if (selectorText(selector) === text) return undefined
    return `selects \`${selectorText(selector) || 'nothing'}\`; this step wants \`${text}\`.`
  })
}

/** By whatever selector and labels. */
export function serviceReachesDeployment(name: string, wish: Ports & { deployment: string }): Check {
  const whom = `the ${count(wish.endpoints, 'Pod')} of Deployment \`${wish.deployment}\``
  return reaches(name, wish, whom, (cluster) => {
    const deployment = named(cluster.deployments, wish.deployment)
    return strayedFrom(cluster, deployment ? podsOf(cluster, deployment) : [])
  })
}

/** By whatever selector and labels. */
export function serviceReachesOnly(name: string, wish: Omit<Ports, 'endpoints'> & { pods: readonly string[] }): Check {
  return reaches(name, { ...wish, endpoints: wish.pods.length }, `${listed(wish.pods)} and nobody else`, (cluster) =>
    strayedFrom(
      cluster,
      wish.pods.flatMap((pod) => named(cluster.pods, pod) ?? []),
    ),
  )
}

const strayedFrom = (cluster: ClusterView, meant: readonly Pod[]) => (selector: Record<string, string>) => {
  const found = podsWith(cluster, selector)
  const extra = found.filter((pod) => !meant.includes(pod)).map(nameOf)
  const text = `selects \`${selectorText(selector) || 'nothing'}\``
  if (extra.length > 0) return `${text}, and so it reaches ${listed(extra)} as well.`
  const missing = meant.filter((pod) => !found.includes(pod)).map(nameOf)
  return missing.length > 0 ? `${text}, and so it does not reach ${listed(missing)}.` : undefined
}

const nameOf = (pod: Pod) => pod.metadata?.name ?? ''

function reaches(name: string, ports: Ports, whom: string, strayed: (cluster: ClusterView) => Wish['strayed']): Check {
  const { port, targetPort, endpoints } = ports
  return {
    id: `${name}-reaches`,
    aim: `Service \`${name}\` reaches ${whom}, port ${port} to ${targetPort}`,
    loops: SERVICE_LOOPS,
    judge(cluster) {
      const wanted = `Service ${name} reaches ${whom.replaceAll('`', '')}, port ${port} to ${targetPort}, ${count(endpoints, 'endpoint')} ready`
      const service = named(cluster.services, name)
      if (!service) return missingService(cluster, name, wanted)
      return judgeService(cluster, service, { port, targetPort, endpoints, wanted, strayed: strayed(cluster) })
    },
  }
}

export function missingService(cluster: ClusterView, name: string, wanted: string): Verdict {
  const others = elsewhere(cluster.services, name)
  if (others.length > 0) {
    return failed(
      `Service \`${name}\` is in namespace \`${others[0]}\`; a Service selects Pods of its own namespace only, and they are in \`${LAB_NAMESPACE}\`.`,
      { saw: `Service ${name} in ${others[0]}`, wanted },
    )
  }
  const mine = cluster.services.filter(
    ({ metadata }) => metadata?.namespace === LAB_NAMESPACE && metadata.name !== 'kubernetes',
  )
  if (mine.length > 0) {
    const names = listed(mine.map(({ metadata }) => metadata?.name ?? ''))
    return waiting(`There is no Service \`${name}\` yet, only ${names}.`, { saw: `Services ${names}`, wanted })
  }
  return waiting(`There is no Service \`${name}\` yet.`, { saw: 'no such Service', wanted })
}

function judgeService(cluster: ClusterView, service: Service, { wanted, ...wish }: Wish): Verdict {
  const name = service.metadata?.name ?? ''
  const selector = service.spec?.selector ?? {}
  const port = service.spec?.ports?.find((each) => each.port === wish.port)
  const ready = readyEndpoints(cluster, name)
  const saw = `Service ${name} selects ${selectorText(selector) || 'nothing'}, ${count(ready.length, 'endpoint')} ready`
  const nobody = reachesNobody(cluster, service)
  const strayed = wish.strayed(selector)
  if (strayed) return failed(nobody ?? `Service \`${name}\` ${strayed}`, { saw, wanted })
  if (!port) {
    const ports = (service.spec?.ports ?? []).map((each) => String(each.port))
    return failed(`Service \`${name}\` listens on port ${listed(ports) || 'none'}; this step wants ${wish.port}.`, {
      saw,
      wanted,
    })
  }
  const selected = podsWith(cluster, selector)
  const target = targetPortOf(port.targetPort ?? port.port, selected)
  if (target !== wish.targetPort) {
    return failed(
      `Service \`${name}\` sends port ${port.port} on to port ${port.targetPort ?? port.port} of its Pods, where nobody listens; they listen on ${wish.targetPort}.`,
      { saw, wanted },
    )
  }
  if (ready.length === wish.endpoints) return ok({ saw, wanted })
  const credit = Math.min(1, ready.length / wish.endpoints)
  const late = selected.filter((pod) => !isReady(pod)).map(troubleOf)
  const stuck = late.find((trouble) => trouble.stuck)
  if (late.length > 0) {
    const why = (stuck ?? late[0])?.message ?? ''
    return (stuck ? failed : waiting)(`${ready.length} of ${wish.endpoints}. ${why}`, { saw, wanted, credit })
  }
  if (selected.length !== wish.endpoints) {
    return waiting(
      `Service \`${name}\` selects \`${selectorText(selector)}\`; ${count(selected.length, 'Pod')} ${selected.length === 1 ? 'has' : 'have'} that label, this step wants ${wish.endpoints}.`,
      { saw, wanted, credit },
    )
  }
  return waiting(`${ready.length} of ${wish.endpoints}. The EndpointSlice loop is about to write the others.`, {
    saw,
    wanted,
    credit,
  })
}

/** Why a Service has no endpoint at all, in the words of the Network lens. */
export const reachesNobody = (cluster: ClusterView, service: Service): string | undefined =>
  selectsNobody(service, cluster.pods, `Service \`${service.metadata?.name ?? ''}\``)

interface ReadyEndpoint {
  address: string
  pod: string
}

export function readyEndpoints(cluster: ClusterView, service: string): ReadyEndpoint[] {
  return cluster.endpointSlices
    .filter(
      ({ metadata }) =>
        metadata?.namespace === LAB_NAMESPACE && metadata.labels?.['kubernetes.io/service-name'] === service,
    )
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .map((endpoint) => ({ address: endpoint.addresses[0] ?? '', pod: endpoint.targetRef?.name ?? '' }))
}

/** A Pod of before lives on under another label, and the Service no longer knows it. */
export function podLeftService(service: string, label: { key: string; value: string }): Check {
  const text = `${label.key}=${label.value}`
  return {
    id: `${service}-lost-one`,
    aim: `A Pod that had \`${text}\` runs on without that label, and Service \`${service}\` sends it nothing`,
    loops: SERVICE_LOOPS,
    judge(cluster) {
      const wanted = `a Pod of before without ${text}, Running, not an endpoint`
      const then = cluster.before.pods.filter((pod) => pod.labels[label.key] === label.value)
      const now = then.flatMap(({ uid }) => cluster.pods.filter((pod) => pod.metadata?.uid === uid))
      const left = now.find(
        (pod) => pod.metadata?.labels?.[label.key] !== label.value && !pod.metadata?.deletionTimestamp,
      )
      if (!left) {
        const deleted = then.length - now.length
        const saw = `${count(now.length, 'Pod')} of before, all with ${text}`
        if (deleted > 0) {
          return failed(
            `${count(deleted, 'Pod')} of before ${deleted === 1 ? 'was' : 'were'} deleted. Change the label of a living one: \`kubectl label pod … ${label.key}=aside --overwrite\`.`,
            { saw, wanted },
          )
        }
        return waiting(`All ${then.length} Pods still have \`${text}\`.`, { saw, wanted })
      }
      const name = left.metadata?.name ?? ''
      const saw = `Pod ${name} with ${label.key}=${left.metadata?.labels?.[label.key] ?? '(none)'}`
      if (readyEndpoints(cluster, service).some(({ pod }) => pod === name)) {
        return waiting(`Pod \`${name}\` has the new label; the EndpointSlice still lists it.`, {
          saw,
          wanted,
          credit: 0.5,
        })
      }
      return ok({ saw, wanted })
    },
  }
}

/** The learner has found the Service's address and noted it on a Pod. */
export function notesServiceAddress({
  pod: name,
  annotation,
  service,
}: {
  pod: string
  annotation: string
  service: string
}): Check {
  return {
    id: `${service}-address-noted`,
    aim: `Pod \`${name}\` notes the address that answered: \`${annotation}\``,
    judge(cluster) {
      const address = named(cluster.services, service)?.spec?.clusterIP ?? ''
      const wanted = `annotation ${annotation}=${address || '…'}`
      const noted = named(cluster.pods, name)?.metadata?.annotations?.[annotation]
      if (noted === undefined) {
        return waiting(`Pod \`${name}\` has no annotation \`${annotation}\` yet.`, {
          saw: 'no such annotation',
          wanted,
        })
      }
      const saw = `annotation ${annotation}=${noted}`
      const plain = noted.replace(/^http:\/\//, '').replace(/(:80)?\/?$/, '')
      if (plain === address && address !== '') return ok({ saw, wanted })
      const owner = cluster.pods.find((pod) => pod.status?.podIP === plain)
      if (owner) {
        return failed(
          `\`${noted}\` is the address of Pod \`${owner.metadata?.name}\`, and goes with it. The Service has one of its own that stays.`,
          { saw, wanted },
        )
      }
      return failed(
        `\`${noted}\` is not the address of Service \`${service}\`. Column CLUSTER-IP has it; change the note with \`--overwrite\`.`,
        { saw, wanted },
      )
    },
  }
}
