// Checks about what is in one Pod: several containers, their order, and the volumes they share.

import type { Container } from 'kubernetes-types/core/v1'
import { type Check, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import { isReady, named, type Pod } from '../cluster-view.ts'
import { sameImage } from './containers.ts'
import { missingPod } from './pod-checks.ts'
import { troubleOf } from './pod-troubles.ts'

type Images = Record<string, string>

/**
 * A Ready Pod made of these containers. `inits` end before the others begin; `sidecars` are init containers that are
 * kept running (`restartPolicy: Always`). Each is told as name: image.
 */
export function podMadeOf(name: string, parts: { inits?: Images; sidecars?: Images; containers: Images }): Check {
  const { inits = {}, sidecars = {}, containers } = parts
  const words = [
    ...Object.keys(inits).map((each) => `init container \`${each}\``),
    ...Object.keys(sidecars).map((each) => `sidecar \`${each}\``),
    ...Object.keys(containers).map((each) => `container \`${each}\``),
  ]
  return {
    id: `${name}-made-of`,
    aim: `Pod \`${name}\` is Ready: ${words.join(', ')}`,
    judge(cluster) {
      const wanted = `Pod ${name} Ready with ${words.join(', ').replaceAll('`', '')}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const saw = `Pod ${name}: ${partsText(pod)}, ${isReady(pod) ? 'Ready' : troubleOf(pod).status}`
      const init = pod.spec?.initContainers ?? []
      const roles: Role[] = [
        { role: 'an init container', found: init.filter((each) => !isSidecar(each)), wanted: inits },
        { role: 'a sidecar', found: init.filter(isSidecar), wanted: sidecars },
        { role: 'a container', found: pod.spec?.containers ?? [], wanted: containers },
      ]
      const wrong = firstOf(roles, (role) => missingPart(pod, role)) ?? firstOf(roles, (role) => extraPart(pod, role))
      if (wrong) return failed(wrong, { saw, wanted })
      return readiness(pod, { saw, wanted })
    },
  }
}

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === 'Always'

function partsText(pod: Pod): string {
  const init = pod.spec?.initContainers ?? []
  const all = [...init.map((each) => (isSidecar(each) ? `sidecar ${each.name}` : `init ${each.name}`))]
  return [...all, ...(pod.spec?.containers ?? []).map(({ name }) => name)].join(', ')
}

interface Role {
  role: string
  found: readonly Container[]
  wanted: Images
}

const firstOf = (roles: readonly Role[], say: (role: Role) => string | undefined) =>
  roles.map(say).find((words) => words !== undefined)

function missingPart(pod: Pod, { role, found, wanted }: Role): string | undefined {
  const name = `Pod \`${pod.metadata?.name}\``
  for (const [part, image] of Object.entries(wanted)) {
    const container = found.find((each) => each.name === part)
    if (!container) return `${name} has no \`${part}\` as ${role}${whereElse(pod, part)}.${MAKE_AGAIN}`
    if (!sameImage(container.image, image)) {
      return `\`${part}\` of ${name} runs \`${container.image}\`; this step wants \`${image}\`.`
    }
  }
  return undefined
}

function extraPart(pod: Pod, { role, found, wanted }: Role): string | undefined {
  const extra = found.map(({ name }) => name).filter((name) => !(name in wanted))
  if (extra.length === 0) return undefined
  return `Pod \`${pod.metadata?.name}\` has ${listed(extra)} as ${role}, which this step does not want.${MAKE_AGAIN}`
}

function whereElse(pod: Pod, part: string): string {
  const init = pod.spec?.initContainers?.find((each) => each.name === part)
  if (init) return isSidecar(init) ? ', but as a sidecar' : ', but as an init container without `restartPolicy: Always`'
  return pod.spec?.containers.some((each) => each.name === part) ? ', but as one of its main containers' : ''
}

const MAKE_AGAIN = ' The containers of a Pod are settled for life: change your file, delete the Pod and make it again.'

function readiness(pod: Pod, seen: { saw: string; wanted: string }): Verdict {
  if (isReady(pod)) return ok(seen)
  const trouble = troubleOf(pod)
  return (trouble.stuck ? failed : waiting)(trouble.message, { ...seen, credit: 0.5 })
}

/**
 * One emptyDir, mounted by all of these containers: one writes what another serves. `at` says where a container must have
 * it, because its program looks there and nowhere else.
 */
export function podSharesVolume(
  name: string,
  containers: readonly string[],
  at: Readonly<Record<string, string>> = {},
): Check {
  return {
    id: `${name}-shares-volume`,
    aim: `${listed(containers)} of Pod \`${name}\` mount one volume, an \`emptyDir\``,
    judge(cluster) {
      const wanted = `one emptyDir mounted by ${containers.join(' and ')}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const shared = judgeVolumes(pod, containers, wanted)
      const elsewhere = shared.state === 'ok' && mountedElsewhere(pod, shared.volume, at)
      return elsewhere ? failed(elsewhere, { saw: shared.saw, wanted, credit: 0.75 }) : shared
    },
  }
}

function mountedElsewhere(pod: Pod, volume: string, at: Readonly<Record<string, string>>): string | undefined {
  for (const [part, path] of Object.entries(at)) {
    const mounts = containersOf(pod).find((each) => each.name === part)?.volumeMounts ?? []
    const paths = mounts
      .filter((mount) => mount.name === volume)
      .map(({ mountPath }) => mountPath.replace(/(?<!\/)\/+$/, ''))
    if (paths.includes(path)) continue
    return `\`${part}\` of Pod \`${pod.metadata?.name}\` mounts \`${volume}\` at ${listed(paths)}, but looks for its files in \`${path}\`.${MAKE_AGAIN}`
  }
  return undefined
}

const containersOf = (pod: Pod): Container[] => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]

function judgeVolumes(pod: Pod, containers: readonly string[], wanted: string): Verdict & { volume: string } {
  const all = containersOf(pod)
  const volumes = (pod.spec?.volumes ?? []).filter(({ emptyDir }) => emptyDir).map((each) => each.name)
  const mountedBy = (volume: string) =>
    containers.filter((part) =>
      all.some((each) => each.name === part && each.volumeMounts?.some((mount) => mount.name === volume)),
    )
  const best = volumes.toSorted((one, other) => mountedBy(other).length - mountedBy(one).length)[0]
  const name = `Pod \`${pod.metadata?.name}\``
  if (best === undefined) {
    const message = `${name} has no \`emptyDir\` volume: each container has only files of its own.${MAKE_AGAIN}`
    return { volume: '', ...failed(message, { saw: 'no emptyDir', wanted }) }
  }
  const has = mountedBy(best)
  const saw = `emptyDir ${best} mounted by ${has.join(' and ') || 'nobody'}`
  if (has.length === containers.length) return { volume: best, ...ok({ saw, wanted }) }
  const lacks = containers.filter((part) => !has.includes(part))
  const message = `Volume \`${best}\` of ${name} is not mounted by ${listed(lacks)}.${MAKE_AGAIN}`
  return { volume: best, ...failed(message, { saw, wanted, credit: has.length / containers.length / 2 }) }
}

/** Where the kubelet asks whether a container may get traffic: the proof that it serves what it should. */
export function podProbesPath(name: string, { container, path }: { container: string; path: string }): Check {
  return {
    id: `${name}-probes`,
    aim: `A readinessProbe asks \`${container}\` of Pod \`${name}\` for \`${path}\``,
    judge(cluster) {
      const wanted = `readinessProbe httpGet ${path} on ${container}`
      const pod = named(cluster.pods, name)
      if (!pod) return missingPod(cluster, name, wanted)
      const probe = containersOf(pod).find((each) => each.name === container)?.readinessProbe
      const saw = probe?.httpGet ? `httpGet ${probe.httpGet.path ?? '/'}` : 'no httpGet'
      if (probe?.httpGet && pathOf(probe.httpGet) === path) return ok({ saw, wanted })
      return failed(
        probe?.httpGet
          ? `The readinessProbe of \`${container}\` asks for \`${probe.httpGet.path ?? '/'}\`; this step wants \`${path}\`.`
          : `\`${container}\` of Pod \`${name}\` has no readinessProbe by \`httpGet\`, so nobody knows whether the page is there.${MAKE_AGAIN}`,
        { saw, wanted },
      )
    },
  }
}

/** The kubelet puts the first slash where it is left out. */
const pathOf = ({ path = '' }: { path?: string }) => `/${path.replace(/^\//, '')}`
