// Where Kubernetes' conformance tests are walked through: one cluster, pods of all subjects made at once.

import { isDeepStrictEqual } from 'node:util'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect } from 'vitest'
import { ApiClient } from '../support/api-client.ts'
import { type Kubectl, kubectl } from '../support/commands.ts'
import { until } from '../support/until.ts'

export const PODS = '/api/v1/namespaces/default/pods'

export class Seat {
  readonly api: ApiClient
  readonly #kube: Kubectl

  constructor(kubeconfig: string) {
    this.api = new ApiClient(kubeconfig)
    this.#kube = kubectl('1.36', kubeconfig)
  }

  readonly says = async (line: string, input = ''): Promise<string> => {
    const { code, stdout, stderr } = await this.#kube(line, { input, timeoutMs: 120_000 })
    expect(code, `kubectl ${line}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }

  readonly apply = (...items: readonly object[]) =>
    this.says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))

  readonly pod = async (name: string) => {
    const { code, text } = await this.api.ask('GET', `${PODS}/${name}`)
    expect(code, text).toBe(200)
    return JSON.parse(text) as Pod
  }

  /** The pod, once it is as wanted. */
  readonly podThat = (name: string, what: string, wanted: (status: NonNullable<Pod['status']>) => boolean) => {
    let last: Pod | undefined
    return until(`pod ${name} ${what}`, async () => {
      last = await this.pod(name)
      return wanted(last.status ?? {}) && last
    }).catch((err: unknown) => {
      throw new Error(`${String(err)}\n${JSON.stringify(last?.status, undefined, 1)}`)
    })
  }

  readonly ended = (name: string) =>
    this.podThat(name, 'has ended', ({ phase }) => phase === 'Succeeded' || phase === 'Failed')

  readonly ready = (name: string) =>
    this.podThat(name, 'is ready', ({ conditions = [] }) =>
      conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    )

  /** By lines. */
  readonly logs = async (name: string, container = 'main') => {
    const { code, text } = await this.api.ask('GET', `${PODS}/${name}/log?container=${container}`)
    expect(code, text).toBe(200)
    return text.trimEnd().split('\n')
  }

  /** Waits until a container has said these lines and no others, in whatever order. */
  readonly saidBy = async (name: string, container: string, wanted: readonly string[]) => {
    let last: readonly string[] = []
    await until(`${name} says ${wanted.join(', ')}`, async () => {
      last = await this.logs(name, container)
      return isDeepStrictEqual(last.toSorted(), wanted.toSorted())
    }).catch((err: unknown) => {
      throw new Error(`${String(err)}\nsaid: ${JSON.stringify(last)}`)
    })
  }

  readonly patch = async (path: string, body: object) => {
    const { code, text } = await this.api.ask('PATCH', path, body, 'application/strategic-merge-patch+json')
    expect(code, text).toBe(200)
    return JSON.parse(text) as object
  }

  readonly exec = (name: string, script: string) => this.says(`exec ${name} -c main -- sh -c '${script}'`)
}

export const shell = (script: string, more: object = {}) => ({
  name: 'main',
  image: 'busybox',
  command: ['sh', '-c', script],
  ...more,
})
/** Ends badly, then well, and then goes on. */
export const crashing = (restartPolicy: string) => ({
  restartPolicy,
  volumes: [{ name: 'data', emptyDir: {} }],
  containers: [
    shell('cd /data; echo >> n; case $(wc -l < n) in 1) exit 1;; 2) exit 0;; esac; while :; do sleep 1; done', {
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }),
  ],
})
export const forever = 'trap "exit 0" TERM; while :; do sleep 0.2; done'

export const pod = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { terminationGracePeriodSeconds: 1, ...spec },
})
export const configMap = (name: string, data: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
  ...more,
})
export const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})
