// Pods that are called, and the Services that lead to them.

import { pod } from '../support/packet-pods.ts'

const SERVING = { labels: { app: 'web' } }
export const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})
export const FLOWING = { labels: { app: 'flow' } }
export const OBJECTS = [
  pod('c', { node: 'node-1', ...FLOWING }),
  pod('d', { node: 'node-2', ...FLOWING }),
  service('flow', { selector: FLOWING.labels, ports: [{ port: 80, targetPort: 8080, protocol: 'UDP' }] }),
  pod('client', { node: 'node-1', program: 'wait' }),
  pod('a', { node: 'node-1', ...SERVING }),
  pod('b', { node: 'node-2', labels: { app: 'web', only: 'b' } }),
  service('web', {}),
  service('sticky', {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  }),
  service('both', { ipFamilyPolicy: 'RequireDualStack' }),
  service('six', { ipFamilies: ['IPv6'], sessionAffinity: 'ClientIP' }),
  service('sixless', { ipFamilies: ['IPv6'], selector: { app: 'wbe' } }),
  service('nobody', { selector: { app: 'wbe' } }),
  service('self', { selector: { only: 'b' }, ipFamilyPolicy: 'RequireDualStack' }),
  service('inside', { selector: { only: 'b' }, internalTrafficPolicy: 'Local' }),
  service('heads', { clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack' }),
  service('open', {
    type: 'NodePort',
    ipFamilyPolicy: 'RequireDualStack',
    ports: [
      { name: 'tcp', port: 80, targetPort: 8080, nodePort: 30080 },
      { name: 'udp', port: 80, targetPort: 8080, nodePort: 30081, protocol: 'UDP' },
      { name: 'sctp', port: 80, targetPort: 8080, nodePort: 30082, protocol: 'SCTP' },
    ],
  }),
  service('balanced', { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack' }),
  service('guarded', {
    type: 'LoadBalancer',
    selector: { only: 'b' },
    externalTrafficPolicy: 'Local',
    loadBalancerSourceRanges: ['198.51.100.0/24'],
  }),
  service('outside', {
    type: 'NodePort',
    selector: { only: 'b' },
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80, targetPort: 8080, nodePort: 30090 }],
  }),
]
