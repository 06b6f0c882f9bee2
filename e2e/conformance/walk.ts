// How Kubernetes' conformance tests go about it: a namespace for each test, requests one after the other, and waits until
// something is so. Bodies are what upstream's tests send, so they are of no type here.

import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import { type WatchLog, watchLog } from '../../server/kube/apiserver/testing/watch-log.ts'
import { httpsTransport, parseKubeconfig } from '../../server/kube/client/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: of any kind, and read field by field
export type Thing = any

export type PatchType = 'merge' | 'strategic' | 'json'

const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
}

const PATIENCE_MS = 60_000
const ROOTS: Record<string, string> = { apps: '/apis/apps/v1', batch: '/apis/batch/v1', policy: '/apis/policy/v1' }

export type Walk = Awaited<ReturnType<typeof startWalk>>

export async function startWalk(kubeconfig: string) {
  const transport = httpsTransport({ ...parseKubeconfig(await readFile(kubeconfig, 'utf8')), userAgent: 'e2e.test' })
  let count = 0
  const request = (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    query = {},
  ): Promise<Thing> => transport.request({ method, path, query, ...(body ? { body } : {}) })
  const walk = {
    get: (path: string, query?: Record<string, string>) => request('GET', path, undefined, query),
    post: (path: string, body: object) => request('POST', path, body),
    put: (path: string, body: object) => request('PUT', path, body),
    delete: (path: string, body?: object, query?: Record<string, string>) => request('DELETE', path, body, query),
    patch: (path: string, body: object, type: PatchType = 'merge'): Promise<Thing> =>
      transport.request({ method: 'PATCH', path, body, contentType: PATCH_TYPES[type] }),
    watch: (path: string, query: Record<string, string> = {}): Promise<WatchLog> => watchLog(transport, path, query),
    /** The path of a resource in a namespace: `pods`, `apps/deployments/web`. */
    in(namespace: string, resource: string): string {
      const [group = '', ...rest] = resource.split('/')
      const root = ROOTS[group]
      return root ? `${root}/namespaces/${namespace}/${rest.join('/')}` : `/api/v1/namespaces/${namespace}/${resource}`
    },
    async namespace(base: string, level = 'baseline'): Promise<string> {
      const name = `${base}-${++count}`
      const labels = { 'e2e-framework': base, 'pod-security.kubernetes.io/enforce': level }
      await walk.post('/api/v1/namespaces', { metadata: { name, labels } })
      await walk.until('its account', () => walk.get(`/api/v1/namespaces/${name}/serviceaccounts/default`))
      return name
    },
    async until(what: string, holds: () => Promise<unknown>): Promise<void> {
      const giveUpAt = Date.now() + PATIENCE_MS
      // What is asked for may not be there yet.
      while (!(await holds().catch(() => false))) {
        if (Date.now() > giveUpAt) throw new Error(`never came true: ${what}`)
        await setTimeout(50)
      }
    },
    /** As client-go's RetryOnConflict: read, change, write, again when somebody was quicker. */
    async change(path: string, edit: (object: Thing) => void, part = ''): Promise<Thing> {
      for (let attempt = 1; ; attempt++) {
        const object = structuredClone(await walk.get(path))
        edit(object)
        try {
          return await walk.put(path + part, object)
        } catch (err) {
          if ((err as { code?: number }).code !== 409 || attempt === 10) throw err
        }
      }
    },
    async refuses(asked: Promise<unknown>, code: number, message: string | RegExp = ''): Promise<void> {
      await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    },
  }
  return walk
}

export const template = (labels: Record<string, string>, container: object = {}, more: object = {}) => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'httpd:1', ...container }], ...more },
})

export const isReady = (pod: Thing) =>
  pod.status.conditions?.some(({ type, status }: Thing) => type === 'Ready' && status === 'True')
