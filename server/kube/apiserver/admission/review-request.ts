// A request as it is told to webhooks, and as expressions see it. Upstream: k8s.io/api/admission/v1 AdmissionRequest.

import { deepCopy } from '../../apimachinery/deep.ts'
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { Namespace } from '../../kinds/index.ts'
import type { GroupVersionKind } from '../../schemas/schemas.ts'
import type { AdmissionReader, AdmissionRequest, ObjectVersion } from './admission.ts'

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }

export function reviewRequest(request: AdmissionRequest): JsonObject {
  const { operation, kind, objectKind, requested, subresource, namespace, object, previous, user, dryRun } = request
  const kindOf = (of: GroupVersionKind) => ({ group: of.group, version: of.version, kind: of.kind })
  const resourceOf = (of: AnyKind) => ({ group: of.group, version: of.version, resource: of.plural })
  const options = OPTIONS[operation]
  return {
    kind: kindOf(objectKind ?? kind),
    resource: resourceOf(kind),
    ...(subresource ? { subResource: subresource, requestSubResource: subresource } : {}),
    requestKind: kindOf(objectKind ?? requested),
    requestResource: resourceOf(requested),
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

/** A request as whoever names a version sees it, each converted once. */
export class Views {
  readonly #request: AdmissionRequest
  readonly #views = new Map<AnyKind, Promise<AdmissionRequest>>()

  constructor(request: AdmissionRequest) {
    this.#request = request
  }

  as(kind: AnyKind): Promise<AdmissionRequest> | AdmissionRequest {
    if (kind === this.#request.kind || this.#request.objectKind) return this.#request
    const view = this.#views.get(kind) ?? viewOf(this.#request, kind)
    this.#views.set(kind, view)
    return view
  }
}

const versionOf = (request: AdmissionRequest, kind: AnyKind): ObjectVersion | undefined =>
  request.versions().find((version) => version.kind === kind)

async function viewOf(request: AdmissionRequest, kind: AnyKind): Promise<AdmissionRequest> {
  const version = versionOf(request, kind)
  const shown = async (one: KubeObject | undefined) => one && version && deepCopy(await version.shown(one))
  const [object, previous] = [await shown(request.object), await shown(request.previous)]
  return { ...request, kind, object, previous }
}

/** What has become of an object in a view, put back into the request that it is a view of. */
export async function takeOver(request: AdmissionRequest, view: AdmissionRequest): Promise<void> {
  const { object } = request
  if (view === request || !object || !view.object) return
  const version = versionOf(request, view.kind)
  const next = (await version?.held(view.object)) as unknown as JsonObject
  for (const field of Object.keys(object)) if (!(field in next)) delete (object as unknown as JsonObject)[field]
  Object.assign(object, next)
}

/** With its kind, as it stands on the wire; null where there is none. */
export const onTheWire = ({ kind, objectKind }: AdmissionRequest, object: KubeObject | undefined): JsonValue => {
  const of = objectKind ?? kind
  return object ? ({ ...object, apiVersion: apiVersionOf(of), kind: of.kind } as unknown as JsonObject) : null
}

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
