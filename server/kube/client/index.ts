// The door of this room for those outside wing 1, who talk to a cluster as any other client does.

export { type Client, createClient } from './client.ts'
export { httpsTransport } from './https-transport.ts'
export { parseKubeconfig } from './kubeconfig.ts'
export type { GateState } from './loop-gate.ts'
export { type Change, SharedInformer } from './shared-informer.ts'
export { eachOf, type Transport } from './transport.ts'
