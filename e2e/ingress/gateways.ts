// A Gateway and what leads through it: by weights, by headers, changed on the way, and to another namespace.

const GATEWAY_API = 'gateway.networking.k8s.io/v1'
const rule = (value: string, filters: object[]) => ({
  matches: [{ path: { value } }],
  filters,
  backendRefs: [{ name: 'web', port: 80 }],
})
const redirect = (value: string, requestRedirect: object) => ({
  matches: [{ path: { value } }],
  filters: [{ type: 'RequestRedirect', requestRedirect }],
})

export const gateways = [
  {
    apiVersion: GATEWAY_API,
    kind: 'GatewayClass',
    metadata: { name: 'nginx' },
    spec: { controllerName: 'podium.dev/gateway-nginx' },
  },
  {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name: 'door' },
    spec: {
      gatewayClassName: 'nginx',
      listeners: [
        { name: 'http', port: 80, protocol: 'HTTP', hostname: '*.gate.example' },
        { name: 'tcp', port: 5000, protocol: 'TCP' },
      ],
    },
  },
  {
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name: 'split' },
    spec: {
      parentRefs: [{ name: 'door', sectionName: 'http' }],
      rules: [
        { matches: [{ headers: [{ name: 'X-Version', value: 'api' }] }], backendRefs: [{ name: 'api', port: 80 }] },
        { matches: [{ path: { value: '/gone' } }], backendRefs: [{ name: 'gone', port: 80 }] },
        {
          backendRefs: [
            { name: 'web', port: 80, weight: 3 },
            { name: 'api', port: 80, weight: 1 },
          ],
        },
      ],
    },
  },
  {
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name: 'filters' },
    spec: {
      parentRefs: [{ name: 'door', sectionName: 'http' }],
      hostnames: ['filters.gate.example'],
      rules: [
        rule('/headers', [
          {
            type: 'RequestHeaderModifier',
            requestHeaderModifier: {
              set: [{ name: 'X-A', value: '$host "set"' }],
              add: [{ name: 'X-B', value: 'added' }],
              remove: ['X-C'],
            },
          },
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: {
              set: [{ name: 'X-Own', value: 'theirs' }],
              add: [{ name: 'X-More', value: '$1' }],
            },
          },
        ]),
        rule('/old', [
          {
            type: 'URLRewrite',
            urlRewrite: {
              hostname: 'inside.example',
              path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new/' },
            },
          },
        ]),
        rule('/bare', [
          { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
        ]),
        rule('/full', [
          { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/all' } } },
        ]),
        rule('/told', [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'api', port: 80 } } }]),
        redirect('/https', { scheme: 'https' }),
        redirect('/moved', {
          hostname: 'other.example',
          port: 8080,
          statusCode: 301,
          path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/there' },
        }),
        redirect('/kept', { statusCode: 308, path: { type: 'ReplaceFullPath', replaceFullPath: '/kept/now' } }),
      ],
    },
  },
  {
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata: { name: 'far' },
    spec: {
      parentRefs: [{ name: 'door', sectionName: 'http' }],
      hostnames: ['far.gate.example'],
      rules: [
        {
          filters: [{ type: 'URLRewrite', urlRewrite: { hostname: 'nobody.example' } }],
          backendRefs: [{ name: 'ingress-nginx-controller', namespace: 'ingress-nginx', port: 80 }],
        },
      ],
    },
  },
]

/** The door itself answers there, as it answers everybody whom it does not know. */
export const grant = {
  apiVersion: GATEWAY_API,
  kind: 'ReferenceGrant',
  metadata: { name: 'far', namespace: 'ingress-nginx' },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
    to: [{ group: '', kind: 'Service', name: 'ingress-nginx-controller' }],
  },
}
