// One extender, asked over HTTP in upstream's words. Field names are written as Go writes them and read in any case.
// Upstream: kubernetes/pkg/scheduler/extender.go, kube-scheduler/extender/v1/types.go.

import { readFileSync } from 'node:fs'
import type { Node, Pod } from 'kubernetes-types/core/v1'
import { StatusError } from '../../apimachinery/status-error.ts'
import { type HttpsTransport, httpsTransport } from '../../client/https-transport.ts'
import { MAX_SCORE, type Preemption } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeList } from '../node-list.ts'
import type { ExtenderConfiguration } from './extender-configuration.ts'

/** Extenders score from 0 to 10. */
const MAX_EXTENDER_PRIORITY = 10

interface FilterResult {
  nodes?: { items?: Node[] | null } | null
  nodenames?: string[] | null
  failednodes?: Record<string, string> | null
  failedandunresolvablenodes?: Record<string, string> | null
  error?: string
}

export interface Filtered {
  fits: NodeInfo[]
  failed: ReadonlyMap<string, string>
  unresolvable: ReadonlyMap<string, string>
}

/** Those that are not ignorable are asked first. */
export function openExtenders(told: readonly ExtenderConfiguration[]): Extender[] {
  return told.toSorted((a, b) => Number(a.ignorable) - Number(b.ignorable)).map((one) => new Extender(one))
}

export class Extender implements Disposable {
  readonly isIgnorable: boolean
  readonly #told: ExtenderConfiguration
  readonly #transport: HttpsTransport

  constructor(told: ExtenderConfiguration) {
    this.#told = told
    this.#transport = transportOf(told)
    this.isIgnorable = told.ignorable
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]()
  }

  get url(): string {
    return this.#told.urlPrefix
  }

  get filters(): boolean {
    return this.#told.filterVerb !== ''
  }

  get prioritizes(): boolean {
    return this.#told.prioritizeVerb !== ''
  }

  get preempts(): boolean {
    return this.#told.preemptVerb !== ''
  }

  get binds(): boolean {
    return this.#told.bindVerb !== ''
  }

  /** Of one that manages resources, only pods that ask for one of them. */
  isInterestedIn({ spec }: Pod): boolean {
    const managed = new Set(this.#told.managedResources.map(({ name }) => name))
    if (managed.size === 0) return true
    return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(({ resources }) =>
      [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})].some((name) =>
        managed.has(name),
      ),
    )
  }

  async filter(pod: Pod, nodes: readonly NodeInfo[]): Promise<Filtered> {
    const answer = await this.#ask<FilterResult>(this.#told.filterVerb, this.#about(pod, nodes))
    if (answer.error) throw new Error(answer.error)
    const names = this.#told.nodeCacheCapable
      ? answer.nodenames
      : answer.nodes?.items?.map(({ metadata }) => metadata?.name ?? '')
    const byName = new Map(nodes.map((node) => [node.name, node]))
    const fits = (names ?? []).map((name) => {
      const node = byName.get(name)
      if (!node) {
        throw new Error(
          `extender "${this.url}" claims a filtered node "${name}" which is not found in the input node list`,
        )
      }
      return node
    })
    return {
      fits,
      failed: new Map(Object.entries(answer.failednodes ?? {})),
      unresolvable: new Map(Object.entries(answer.failedandunresolvablenodes ?? {})),
    }
  }

  /** What it gave each node, and what that counts beside the scores of plug-ins. */
  async prioritize(pod: Pod, nodes: readonly NodeInfo[]): Promise<Map<string, { raw: number; weighted: number }>> {
    const answer = await this.#ask<{ host?: string; score?: number }[]>(
      this.#told.prioritizeVerb,
      this.#about(pod, nodes),
    )
    const scale = this.#told.weight * (MAX_SCORE / MAX_EXTENDER_PRIORITY)
    return new Map(answer.map(({ host = '', score = 0 }) => [host, { raw: score, weighted: score * scale }]))
  }

  /** Those of the candidates that it lets stand, perhaps with other victims. */
  async preempt(pod: Pod, candidates: readonly Preemption[], nodes: NodeList): Promise<Preemption[]> {
    const victims = (of: (victim: Pod) => unknown) =>
      Object.fromEntries(
        candidates.map(({ node, victims: pods, violations }) => [
          node,
          { Pods: pods.map(of), NumPDBViolations: violations },
        ]),
      )
    const answer = await this.#ask<{ nodenametometavictims?: Record<string, object> | null }>(this.#told.preemptVerb, {
      Pod: pod,
      ...(this.#told.nodeCacheCapable
        ? { NodeNameToMetaVictims: victims(({ metadata }) => ({ UID: metadata?.uid })) }
        : { NodeNameToVictims: victims((victim) => victim) }),
    })
    return Object.entries(answer.nodenametometavictims ?? {}).map(([node, told]) => {
      const { pods = [], numpdbviolations = 0 } = lowerKeys(told) as { pods?: object[]; numpdbviolations?: number }
      return { node, victims: pods.map((victim) => this.#podOn(nodes, node, victim)), violations: numpdbviolations }
    })
  }

  async bind({ metadata }: Pod, node: string): Promise<void> {
    const { name, namespace, uid } = metadata ?? {}
    const args = { PodName: name, PodNamespace: namespace, PodUID: uid, Node: node }
    const { error } = await this.#ask<{ error?: string }>(this.#told.bindVerb, args)
    if (error) throw new Error(error)
  }

  #podOn(nodes: NodeList, node: string, victim: object): Pod {
    const { uid } = lowerKeys(victim) as { uid?: string }
    const pods = [...(nodes.get(node)?.pods.values() ?? [])]
    const pod = pods.find(({ metadata }) => metadata?.uid === uid)
    if (pod) return pod
    throw new Error(
      `extender: ${this.url} claims to preempt pod (UID: ${uid}) on node: ${node}, but the pod is not found on that node`,
    )
  }

  #about(pod: Pod, nodes: readonly NodeInfo[]): object {
    return this.#told.nodeCacheCapable
      ? { Pod: pod, NodeNames: nodes.map(({ name }) => name) }
      : { Pod: pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) } }
  }

  async #ask<T>(verb: string, body: object): Promise<T> {
    try {
      const answer = await this.#transport.request({ method: 'POST', path: `/${verb}`, body })
      // Some of them do not say that what they send is JSON.
      const told: unknown = typeof answer === 'string' ? JSON.parse(answer) : answer
      return (Array.isArray(told) ? told.map(lowerKeys) : lowerKeys(told)) as T
    } catch (err) {
      if (!(err instanceof StatusError)) throw err
      const url = `${this.url.replace(/\/$/, '')}/${verb}`
      throw new Error(`failed ${verb} with extender at URL ${url}, code ${err.code}`, { cause: err })
    }
  }
}

const lowerKeys = (value: unknown) =>
  Object.fromEntries(Object.entries(value ?? {}).map(([key, field]) => [key.toLowerCase(), field]))

function transportOf({ urlPrefix, enableHTTPS, tlsConfig = { insecure: false }, httpTimeout }: ExtenderConfiguration) {
  const url = new URL(urlPrefix)
  if (enableHTTPS) url.protocol = 'https:'
  const pem = (data: string | undefined, file: string | undefined) =>
    data ? Buffer.from(data, 'base64').toString() : file && readFileSync(file, 'utf8')
  const caPem = pem(tlsConfig.caData, tlsConfig.caFile)
  const certPem = pem(tlsConfig.certData, tlsConfig.certFile)
  const keyPem = pem(tlsConfig.keyData, tlsConfig.keyFile)
  return httpsTransport({
    server: url.href,
    userAgent: 'kube-scheduler',
    timeoutMs: httpTimeout,
    insecureSkipTlsVerify: tlsConfig.insecure,
    ...(tlsConfig.serverName ? { tlsServerName: tlsConfig.serverName } : {}),
    ...(caPem ? { caPem } : {}),
    ...(certPem ? { certPem } : {}),
    ...(keyPem ? { keyPem } : {}),
  })
}
