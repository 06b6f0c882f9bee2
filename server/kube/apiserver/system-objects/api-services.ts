// An APIService for each version that this server itself serves. Those of custom resources come and go with their
// definitions (aggregation/api-service-loop.ts). Upstream: controlplane/apiserver/aggregator.go.

import { APIService } from '../../kinds/api-service.ts'
import { createOnce, type Peek, type SystemPart } from './part.ts'

export const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged'
const LEGACY_PRIORITY = 18_000
const GROUP_PRIORITY = 17_800

export interface GroupVersion {
  group: string
  version: string
}

/** In the order in which clients prefer them. */
export function apiServices(served: readonly GroupVersion[]): SystemPart {
  const wanted = served.map(({ group, version }, index) => ({
    kind: APIService,
    object: {
      metadata: { name: nameOf({ group, version }), labels: { [AUTOMANAGED]: 'onstart' } },
      spec: {
        ...(group ? { group } : {}),
        version,
        groupPriorityMinimum: group ? GROUP_PRIORITY - 10 * index : LEGACY_PRIORITY,
        versionPriority: version === 'v1' && group ? 15 : 1,
      },
    },
  }))
  return {
    // One of this server is available as soon as it is there.
    hooks: ['kube-apiserver-autoregistration', 'apiservice-status-local-available-controller'],
    isComplete: (peek) => wanted.every(({ object }) => peek(APIService, '', object.metadata.name) !== undefined),
    async ensure(client, peek) {
      await Promise.all(wanted.map((one) => createOnce(client, peek, one)))
    },
  }
}

/** Those of this server that are not there; one that is there is available. */
export const missingApiServices = (served: readonly GroupVersion[], peek: Peek): string[] =>
  served.map(nameOf).filter((name) => peek(APIService, '', name) === undefined)

const nameOf = ({ group, version }: GroupVersion) => `${version}.${group}`
