// The loops that labs speak of: what they are called in words, and in traces and gates.

export const LOOPS = {
  deployment: { words: 'Deployment', client: 'kube-controller-manager/deployment-controller' },
  replicaset: { words: 'ReplicaSet', client: 'kube-controller-manager/replicaset-controller' },
  endpointslice: { words: 'EndpointSlice', client: 'kube-controller-manager/endpointslice-controller' },
  'garbage-collector': { words: 'garbage collector', client: 'kube-controller-manager/garbage-collector-controller' },
  scheduler: { words: 'scheduler', client: 'kube-scheduler' },
} as const

export type LoopName = keyof typeof LOOPS

export const isLoop = (name: string): name is LoopName => Object.hasOwn(LOOPS, name)

/** What must turn so that the Pods of a Deployment are made and find a node. */
export const DEPLOYMENT_LOOPS: readonly LoopName[] = ['deployment', 'replicaset', 'scheduler']
export const REPLICA_SET_LOOPS: readonly LoopName[] = ['replicaset', 'scheduler']
export const SERVICE_LOOPS: readonly LoopName[] = ['endpointslice', ...DEPLOYMENT_LOOPS]
