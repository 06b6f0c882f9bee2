// The door of this room for those outside wing 1, who talk to a cluster as any other client does.

export { type Client, createClient, type KindClient } from './client.ts'
export { type HttpsTransport, httpsTransport, transportFromKubeconfig } from './https-transport.ts'
export { type ClientConfig, loadKubeconfig, parseKubeconfig, writeKubeconfig } from './kubeconfig.ts'
export { type Change, SharedInformer } from './shared-informer.ts'
export type { Transport, TransportRequest } from './transport.ts'
