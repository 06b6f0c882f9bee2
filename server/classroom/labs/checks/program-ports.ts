// The ports on which the programs of a Pod listen. `containerPort` opens nothing and closes nothing: it is what somebody
// wrote, and may be wrong or left out. Of the programs that every classroom has we know better; of others we believe what
// is written, and what a probe of a Ready Pod has found.

import type { Container, Probe } from 'kubernetes-types/core/v1'
import { isReady, type Pod } from '../cluster-view.ts'
import { repositoryOf } from './containers.ts'

export function programPorts(pod: Pod): number[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const containers = [...(pod.spec?.containers ?? []), ...sidecars]
  const proven = isReady(pod) ? containers.flatMap(probedPort) : []
  return [...new Set([...containers.flatMap(portsOf), ...proven])]
}

interface Program {
  image: RegExp
  /** What starts it when the container does not just leave it to its image. */
  command: RegExp
  ports: (container: Container) => readonly number[] | undefined
}

/** Undefined where it may listen anywhere. */
const PROGRAMS: readonly Program[] = [
  { image: /(^|\/)(podium\/hello|google-samples\/hello-app)$/, command: /^$/, ports: helloPort },
  { image: /^nginx$/, command: /nginx/, ports: (each) => (isMounted(each, 'nginx') ? undefined : [80]) },
  { image: /^httpd$/, command: /httpd/, ports: (each) => (isMounted(each, 'conf') ? undefined : [80]) },
  {
    image: /^redis$/,
    command: /redis-server/,
    ports: (each) => (/--port|\.conf/.test(startOf(each)) ? undefined : [6379]),
  },
  { image: /^(busybox|debian|python|node|curlimages\/curl)$/, command: /^$/, ports: () => [] },
]

/** A program that waits and does nothing else. */
const IDLE = /^((\/bin\/)?(ba)?sh -c )?(exec )?(sleep|tail) [^;&|]*$/

function portsOf(container: Container): readonly number[] {
  const declared = (container.ports ?? []).map(({ containerPort }) => containerPort)
  const start = startOf(container)
  if (IDLE.test(start)) return []
  const image = repositoryOf(container.image ?? '')
  const program = PROGRAMS.find((each) => each.image.test(image) && (start === '' || each.command.test(start)))
  return program?.ports(container) ?? declared
}

const startOf = ({ command = [], args = [] }: Container) => [...command, ...args].join(' ')

/** Another configuration may lie in there. */
const isMounted = ({ volumeMounts = [] }: Container, where: string) =>
  volumeMounts.some(({ mountPath }) => mountPath.includes(where))

function helloPort({ env = [], envFrom }: Container): readonly number[] | undefined {
  const port = env.findLast(({ name }) => name === 'PORT')
  return port?.valueFrom || (!port && envFrom) ? undefined : [Number(port?.value) || 8080]
}

/** Where a probe that is answered asks. */
function probedPort({ readinessProbe: probe, ports = [] }: Container): number[] {
  const port = askedPort(probe)
  const number =
    typeof port === 'string' ? (ports.find(({ name }) => name === port)?.containerPort ?? Number(port)) : port
  return number ? [number] : []
}

const askedPort = (probe: Probe | undefined) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
