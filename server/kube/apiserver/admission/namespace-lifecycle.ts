// Nothing is made in a namespace that does not exist or is going away, and the namespaces the system lives in stay.
// Upstream: apiserver/pkg/admission/plugin/namespace/lifecycle.

import { forbidden, notFound, StatusError } from '../../apimachinery/status-error.ts'
import { Namespace } from '../../kinds/index.ts'
import type { AdmissionPlugin } from './admission.ts'

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public'])
const NAMESPACES = { group: '', resource: 'namespaces' }

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: ({ operation, kind }) =>
    (operation === 'CREATE' && kind.namespaced) || (operation === 'DELETE' && kind.kind === 'Namespace'),
  async mutate({ operation, kind, namespace, name, object }, reader) {
    if (operation !== 'CREATE') return
    let found = reader.find(Namespace, '', namespace)
    if (!found) {
      await reader.caughtUp()
      found = reader.find(Namespace, '', namespace)
    }
    if (!found) throw notFound(NAMESPACES, namespace)
    if (found.metadata?.deletionTimestamp) {
      throw new StatusError(
        'Forbidden',
        `${kind.group ? `${kind.plural}.${kind.group}` : kind.plural} "${object?.metadata?.name ?? name}" is forbidden: ` +
          `unable to create new content in namespace ${namespace} because it is being terminated`,
        {
          details: {
            name: object?.metadata?.name ?? name,
            kind: kind.plural,
            ...(kind.group ? { group: kind.group } : {}),
            causes: [
              {
                reason: 'NamespaceTerminating',
                message: `namespace ${namespace} is being terminated`,
                field: 'metadata.namespace',
              },
            ],
          },
        },
      )
    }
  },
  validate({ operation, kind, name }) {
    if (operation === 'DELETE' && kind.kind === 'Namespace' && IMMORTAL.has(name)) {
      throw forbidden(NAMESPACES, name, 'this namespace may not be deleted')
    }
  },
}
