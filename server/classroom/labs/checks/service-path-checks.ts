// Checks about the way to a Service's Pods, in the order in which the cluster itself asks: is there an address, does the
// selector find Pods, are those Ready, does one of them listen on the target port? They name the first that fails, and
// leave open how it is mended.

import { targetPortOf } from '../../../observe/index.ts'
import { type Check, count, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import { type ClusterView, hasLabels, isReady, named, type Pod, podsWith, type Service } from '../cluster-view.ts'
import { SERVICE_LOOPS } from '../loops.ts'
import { podsOf } from './deployment-checks.ts'
import { podsOfLab } from './label-checks.ts'
import { troubleOf } from './pod-troubles.ts'
import { programPorts } from './program-ports.ts'
import { missingService, reachesNobody, readyEndpoints } from './service-checks.ts'

interface Wish {
  /** The label of the Pods that are meant, or their Deployment’s name, whatever labels that has given them. */
  app: string
  endpoints: number
  /** Where clients call it. */
  port?: number
}

export function serviceAnswers(name: string, wish: Wish): Check {
  return {
    id: `${name}-answers`,
    aim: `Service \`${name}\` has ${count(wish.endpoints, 'ready endpoint')} where somebody listens`,
    loops: SERVICE_LOOPS,
    judge(cluster) {
      const wanted = `${count(wish.endpoints, 'ready endpoint')} among the Pods of ${wish.app}`
      const service = named(cluster.services, name)
      return service ? judgePath(cluster, service, wish, wanted) : missingService(cluster, name, wanted)
    },
  }
}

function judgePath(
  cluster: ClusterView,
  service: Service,
  { app, endpoints, port: called = 80 }: Wish,
  wanted: string,
): Verdict {
  const name = service.metadata?.name ?? ''
  const ready = readyEndpoints(cluster, name)
  const saw = `${count(ready.length, 'ready endpoint')}`
  const nobody = reachesNobody(cluster, service)
  if (nobody) return failed(`${nobody}${nearest(cluster, service, app)}`, { saw, wanted })
  const selected = podsWith(cluster, service.spec?.selector ?? {})
  const meant = podsMeant(cluster, app)
  const strangers = selected.filter((pod) => !meant.includes(pod)).map(nameOf)
  if (strangers.length > 0) {
    return failed(
      `Service \`${name}\` selects ${listed(strangers)}, which ${strangers.length === 1 ? 'is' : 'are'} not of \`${app}\`.`,
      { saw, wanted },
    )
  }
  const unready = selected.filter((pod) => !isReady(pod))
  if (unready.length > 0 && selected.length - unready.length < endpoints) {
    return judgeUnready(unready, selected, { saw, wanted, credit: 0.5 })
  }
  const { ports = [] } = service.spec ?? {}
  const port = ports.find((each) => each.port === called) ?? ports[0]
  const target = port && targetPortOf(port.targetPort ?? port.port, selected)
  const listening = selected.flatMap(programPorts)
  if (!port || !target || !listening.includes(target)) {
    const named = Number.isNaN(target) ? `, a name that no port of these Pods has` : ', where nobody listens'
    const isOnlySaid = portsOf(selected).some(({ containerPort }) => containerPort === target)
    return failed(
      `Service \`${name}\` sends port ${port?.port} on to \`${port?.targetPort ?? port?.port}\` of its Pods${named}; they listen on ${listed(portWords(selected))}.${isOnlySaid ? ' A `containerPort` only says what is meant, and opens nothing.' : ''}`,
      { saw, wanted, credit: 0.75 },
    )
  }
  if (port.port !== called) {
    return failed(
      `Service \`${name}\` listens on port ${listed(ports.map((each) => String(each.port)))}. Who calls \`http://${name}\` comes to port ${called}.`,
      { saw, wanted, credit: 0.75 },
    )
  }
  if (ready.length === endpoints) return ok({ saw, wanted })
  if (selected.length !== endpoints) {
    return waiting(
      `Service \`${name}\` selects ${count(selected.length, 'Pod')} of \`${app}\`; this step wants ${endpoints}.`,
      { saw, wanted, credit: 0.75 },
    )
  }
  return waiting('The EndpointSlice loop is about to write them.', { saw, wanted, credit: 0.75 })
}

/** Not Ready for a reason that a person must find, or only not Ready yet. */
function judgeUnready(
  unready: readonly Pod[],
  selected: readonly Pod[],
  seen: { saw: string; wanted: string; credit: number },
): Verdict {
  const [first] = unready
  const probe = first?.spec?.containers.find(({ readinessProbe }) => readinessProbe?.httpGet)?.readinessProbe?.httpGet
  const trouble = first && troubleOf(first)
  if (probe && trouble?.status === 'Running') {
    return failed(
      `The selector finds ${count(selected.length, 'Pod')}, and ${unready.length} of them ${unready.length === 1 ? 'is' : 'are'} not Ready: \`${nameOf(first as Pod)}\` runs, but its readinessProbe asks for \`${probe.path ?? '/'}\` on port ${probe.port} in vain.`,
      seen,
    )
  }
  return (trouble?.stuck ? failed : waiting)(trouble?.message ?? '', seen)
}

/** What the Pods that were meant do carry, so that the two can be compared. */
function nearest(cluster: ClusterView, service: Service, app: string): string {
  const meant = podsMeant(cluster, app)
  if (meant.length === 0) return ''
  const keys = Object.keys(service.spec?.selector ?? {})
  const all = Object.entries(meant[0]?.metadata?.labels ?? {}).filter(([key]) => key !== 'pod-template-hash')
  const alike = all.filter(([key]) => keys.includes(key) || key === 'app')
  const labels = alike.length > 0 ? alike : all
  const text = labels.map(([key, value]) => `${key}=${value}`).join(',')
  return ` ${count(meant.length, 'Pod')} ${meant.length === 1 ? 'has' : 'have'} \`${text}\`.`
}

function podsMeant(cluster: ClusterView, app: string): Pod[] {
  const deployment = named(cluster.deployments, app)
  const own = deployment ? podsOf(cluster, deployment) : []
  return podsOfLab(cluster).filter((pod) => hasLabels(pod, { app }) || own.includes(pod))
}

const nameOf = (pod: Pod) => pod.metadata?.name ?? ''
const portsOf = (pods: readonly Pod[]) =>
  pods.flatMap((pod) => pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])
const portWords = (pods: readonly Pod[]) => {
  const named = new Map(portsOf(pods).map(({ name, containerPort }) => [containerPort, name]))
  const words = (port: number) => (named.get(port) ? `${port} (${named.get(port)})` : `${port}`)
  return [...new Set(pods.flatMap(programPorts))].map(words)
}

/** A Service of another kind than the plain one: a door on every node, or no address at all. */
export function serviceIs(
  name: string,
  wish: { aim: string; type?: 'ClusterIP' | 'NodePort'; headless?: boolean; affinity?: 'None' | 'ClientIP' },
): Check {
  return {
    id: `${name}-is`,
    aim: wish.aim,
    judge(cluster) {
      const wanted = [wish.type, wish.headless ? 'no cluster IP' : '', wish.affinity && `affinity ${wish.affinity}`]
        .filter(Boolean)
        .join(', ')
      const service = named(cluster.services, name)
      if (!service) return missingService(cluster, name, wanted)
      const { type = 'ClusterIP', clusterIP = '', sessionAffinity = 'None' } = service.spec ?? {}
      const saw = `type ${type}, cluster IP ${clusterIP}, affinity ${sessionAffinity}`
      // A load balancer's Service has a port of every node as well.
      const isDoor = type === 'LoadBalancer' && service.spec?.ports?.some(({ nodePort }) => nodePort)
      if (wish.type && type !== wish.type && !(isDoor && wish.type === 'NodePort')) {
        return waiting(`Service \`${name}\` has type \`${type}\`; this step wants \`${wish.type}\`.`, { saw, wanted })
      }
      if (wish.headless && clusterIP !== 'None') {
        return failed(
          `Service \`${name}\` has the address \`${clusterIP}\`, and keeps it for life. Delete it, and make it again with \`--cluster-ip=None\`.`,
          { saw, wanted },
        )
      }
      if (wish.affinity && sessionAffinity !== wish.affinity) {
        return failed(
          `Service \`${name}\` has \`sessionAffinity: ${sessionAffinity}\`: each client is sent to the Pod it met first.`,
          { saw, wanted },
        )
      }
      return ok({ saw, wanted })
    },
  }
}
