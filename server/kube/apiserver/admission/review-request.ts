// A request as it is told to webhooks, and as expressions see it. Upstream: k8s.io/api/admission/v1 AdmissionRequest.

import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import { Namespace } from '../../kinds/index.ts'
import type { AdmissionReader, AdmissionRequest } from './admission.ts'

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }

export function reviewRequest(request: AdmissionRequest): JsonObject {
  const { operation, kind, subresource, namespace, object, previous, user, dryRun } = request
  const of = { group: kind.group, version: kind.version, kind: kind.kind }
  const resource = { group: kind.group, version: kind.version, resource: kind.plural }
  const options = OPTIONS[operation]
  return {
    kind: of,
    resource,
    ...(subresource ? { subResource: subresource, requestSubResource: subresource } : {}),
    requestKind: of,
    requestResource: resource,
    name: (object ?? previous)?.metadata?.name || request.name,
    ...(namespace ? { namespace } : {}),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: [...user.groups],
      ...(user.extra ? { extra: user.extra as unknown as JsonObject } : {}),
    },
    dryRun,
    options: options ? { kind: options, apiVersion: 'meta.k8s.io/v1', ...(dryRun ? { dryRun: ['All'] } : {}) } : null,
  }
}

/** With its kind, as it stands on the wire; null where there is none. */
export const onTheWire = ({ kind }: AdmissionRequest, object: KubeObject | undefined): JsonValue =>
  object ? ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind } as unknown as JsonObject) : null

/** What expressions may name. */
export const asValues = (request: AdmissionRequest, reader: AdmissionReader) => ({
  object: onTheWire(request, request.object),
  oldObject: onTheWire(request, request.previous),
  request: reviewRequest(request),
  namespaceObject: namespaceOf(request, reader),
})

/** A namespace is in none. */
function namespaceOf({ kind, namespace }: AdmissionRequest, reader: AdmissionReader): JsonValue {
  const isNamespace = kind.kind === 'Namespace' && kind.group === ''
  const found = namespace && !isNamespace ? reader.find(Namespace, '', namespace) : undefined
  return found ? ({ ...found, apiVersion: 'v1', kind: 'Namespace' } as unknown as JsonObject) : null
}
