// The kinds of the Gateway API that this door reads, as far as it reads them.
// https://gateway-api.sigs.k8s.io/reference/spec

import type { KubeObject } from '../apimachinery/object-meta.ts'
import { defineKind } from '../kinds/define-kind.ts'

export interface Condition {
  type: string
  status: 'True' | 'False'
  reason: string
  message: string
  observedGeneration: number
  lastTransitionTime: string
}

export interface GatewayClassObject extends KubeObject {
  spec: { controllerName: string }
  status?: { conditions?: Condition[] }
}

export interface Listener {
  name: string
  hostname?: string
  port: number
  protocol: string
  tls?: { mode?: string; certificateRefs?: { group?: string; kind?: string; name: string; namespace?: string }[] }
  allowedRoutes?: {
    namespaces?: { from?: string; selector?: { matchLabels?: Record<string, string>; matchExpressions?: [] } }
    kinds?: { group?: string; kind: string }[]
  }
}

export interface ListenerStatus {
  name: string
  supportedKinds: { group: string; kind: string }[]
  attachedRoutes: number
  conditions: Condition[]
}

export interface GatewayObject extends KubeObject {
  spec: { gatewayClassName: string; listeners: Listener[] }
  status?: { addresses?: { type: string; value: string }[]; conditions?: Condition[]; listeners?: ListenerStatus[] }
}

export interface ParentRef {
  group?: string
  kind?: string
  namespace?: string
  name: string
  sectionName?: string
  port?: number
}

export interface RouteMatch {
  path?: { type?: string; value?: string }
  headers?: { type?: string; name: string; value: string }[]
  queryParams?: { type?: string; name: string; value: string }[]
  method?: string
}

export interface BackendRef {
  group?: string
  kind?: string
  namespace?: string
  name: string
  port?: number
}

export interface HeaderModifier {
  set?: { name: string; value: string }[]
  add?: { name: string; value: string }[]
  remove?: string[]
}

export interface PathModifier {
  type: string
  replaceFullPath?: string
  replacePrefixMatch?: string
}

export interface RouteFilter {
  type: string
  requestHeaderModifier?: HeaderModifier
  responseHeaderModifier?: HeaderModifier
  requestRedirect?: {
    scheme?: 'http' | 'https'
    hostname?: string
    port?: number
    path?: PathModifier
    statusCode?: number
  }
  urlRewrite?: { hostname?: string; path?: PathModifier }
  requestMirror?: { backendRef: BackendRef; percent?: number; fraction?: object }
}

export interface RouteRule {
  matches?: RouteMatch[]
  filters?: RouteFilter[]
  backendRefs?: (BackendRef & { weight?: number; filters?: RouteFilter[] })[]
  timeouts?: object
}

export interface RouteParentStatus {
  parentRef: ParentRef
  controllerName: string
  conditions: Condition[]
}

export interface HttpRouteObject extends KubeObject {
  spec: { parentRefs?: ParentRef[]; hostnames?: string[]; rules?: RouteRule[] }
  status?: { parents: RouteParentStatus[] }
}

/** Lies where what may be meant lies, and says who may mean it. */
export interface ReferenceGrantObject extends KubeObject {
  spec: {
    from: { group: string; kind: string; namespace: string }[]
    to: { group: string; kind: string; name?: string }[]
  }
}

export const GROUP = 'gateway.networking.k8s.io'

export const GatewayClass = defineKind<GatewayClassObject>({
  group: GROUP,
  version: 'v1',
  kind: 'GatewayClass',
  plural: 'gatewayclasses',
  namespaced: false,
})
export const Gateway = defineKind<GatewayObject>({ group: GROUP, version: 'v1', kind: 'Gateway', plural: 'gateways' })
export const HttpRoute = defineKind<HttpRouteObject>({
  group: GROUP,
  version: 'v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
})
/** In the version that every release of the Gateway API has. */
export const ReferenceGrant = defineKind<ReferenceGrantObject>({
  group: GROUP,
  version: 'v1beta1',
  kind: 'ReferenceGrant',
  plural: 'referencegrants',
})
