// Checks about Services: whom they select, and who of those is fit to be sent traffic.

import { selectsNobody, targetPortOf } from '../../../observe/index.ts'
import { type Check, count, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import {
  type ClusterView,
  elsewhere,
  hasLabels,
  isReady,
  LAB_NAMESPACE,
  named,
  podsWith,
  type Service,
  selectorText,
} from '../cluster-view.ts'
import { SERVICE_LOOPS } from '../loops.ts'
import { troubleOf } from './pod-troubles.ts'

export function serviceReaches(
  name: string,
  wish: { selector: Record<string, string>; port: number; targetPort: number; endpoints: number },
): Check {
  return {
    id: `${name}-reaches`,
    aim: `Service \`${name}\` reaches ${count(wish.endpoints, 'Pod')} with \`${selectorText(wish.selector)}\`, port ${wish.port} to ${wish.targetPort}`,
    loops: SERVICE_LOOPS,
    judge(cluster) {
      const wanted = `Service ${name} selects ${selectorText(wish.selector)}, port ${wish.port} to ${wish.targetPort}, ${count(wish.endpoints, 'endpoint')} ready`
      const service = named(cluster.services, name)
      return service ? judgeService(cluster, service, wish, wanted) : missingService(cluster, name, wanted)
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

function judgeService(
  cluster: ClusterView,
  service: Service,
  wish: { selector: Record<string, string>; port: number; targetPort: number; endpoints: number },
  wanted: string,
): Verdict {
  const name = service.metadata?.name ?? ''
  const selector = service.spec?.selector ?? {}
  const port = service.spec?.ports?.find((each) => each.port === wish.port)
  const ready = readyEndpoints(cluster, name)
  const saw = `Service ${name} selects ${selectorText(selector) || 'nothing'}, ${count(ready.length, 'endpoint')} ready`
  const nobody = reachesNobody(cluster, service)
  if (nobody && !hasLabels({ metadata: { labels: selector } }, wish.selector)) return failed(nobody, { saw, wanted })
  if (selectorText(selector) !== selectorText(wish.selector)) {
    return failed(
      `Service \`${name}\` selects \`${selectorText(selector) || 'nothing'}\`; this step wants \`${selectorText(wish.selector)}\`.`,
      { saw, wanted },
    )
  }
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
    .flatMap((slice) => slice.endpoints)
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
      if (noted === address && address !== '') return ok({ saw, wanted })
      const owner = cluster.pods.find((pod) => pod.status?.podIP === noted)
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
