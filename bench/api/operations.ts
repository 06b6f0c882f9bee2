// What is asked of the API server: by whom (one of the connections), for the how many-th time, of how many. An object of
// 1 KB where one is written; nothing once there is nothing left to do.

export interface Asked {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: object
  contentType?: string
}

type Operation = (worker: number, turn: number, connections: number) => Asked | undefined

export const FILLER = 'x'.repeat(1000)
export const NAMESPACE = '/api/v1/namespaces/default'
export const MAPS = `${NAMESPACE}/configmaps`
/** Where the lists are long; nothing is written there meanwhile. */
export const MANY_MAPS = '/api/v1/namespaces/many/configmaps'
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
export const DELETABLE = 6000

const STRATEGIC = 'application/strategic-merge-patch+json'
const microTime = (turn: number) => `2026-01-01T00:00:00.${String(turn % 1_000_000).padStart(6, '0')}Z`

export const OPERATIONS: Record<string, Operation> = {
  get: () => ({ method: 'GET', path: `${MAPS}/fixed` }),
  'list 500 pods': () => ({ method: 'GET', path: `${NAMESPACE}/pods` }),
  'list 5,000 maps': () => ({ method: 'GET', path: MANY_MAPS }),
  create: (worker, turn) => ({
    method: 'POST',
    path: MAPS,
    body: {
      metadata: { name: `c-${process.pid}-${worker}-${turn}-${Math.random().toString(36).slice(2, 8)}` },
      data: { filler: FILLER },
    },
  }),
  update: (worker, turn) => ({
    method: 'PUT',
    path: `${MAPS}/own-${worker}`,
    body: { metadata: { name: `own-${worker}` }, data: { filler: FILLER, turn: String(turn) } },
  }),
  patch: (worker, turn) => ({
    method: 'PATCH',
    path: `${MAPS}/own-${worker}`,
    contentType: STRATEGIC,
    body: { data: { turn: `p${turn}` } },
  }),
  delete: (worker, turn, connections) => {
    const index = turn * connections + worker
    return index < DELETABLE ? { method: 'DELETE', path: `${MAPS}/deletable-${index}` } : undefined
  },
  /** What every kubelet does every ten seconds, but by a patch: a PUT has to name the revision, and nobody reads answers here. */
  lease: (worker, turn) => ({
    method: 'PATCH',
    path: `${LEASES}/own-${worker}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { holderIdentity: 'node', leaseDurationSeconds: 40, renewTime: microTime(turn) } },
  }),
  'pod status': (worker, turn) => ({
    method: 'PATCH',
    path: `${NAMESPACE}/pods/pod-${worker}/status`,
    contentType: STRATEGIC,
    body: {
      status: {
        phase: 'Running',
        conditions: ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
          type,
          status: turn % 2 === 0 ? 'True' : 'False',
        })),
      },
    },
  }),
}
