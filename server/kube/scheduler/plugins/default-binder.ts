// Tells the API server which node the pod is to run on. Upstream: plugins/defaultbinder.

import { type Client, objectPath } from '../../client/client.ts'
import { atRevision } from '../../client/reconcile-context.ts'
import { Pod } from '../../kinds/pod.ts'
import type { Plugin } from '../framework.ts'

/** Under this name the cycle's state holds the revision that the binding is because of. */
export const BECAUSE = 'because'

export function defaultBinder(client: Client): Plugin {
  return {
    name: 'DefaultBinder',
    async bind(state, pod, node) {
      const { namespace = '', name = '', uid } = pod.metadata ?? {}
      const because = atRevision((state.get(BECAUSE) as number | undefined) ?? 0)?.metadata?.resourceVersion
      await client.transport.request({
        method: 'POST',
        path: objectPath(Pod, { namespace, name }, 'binding'),
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { namespace, name, ...(uid ? { uid } : {}) },
          target: { apiVersion: 'v1', kind: 'Node', name: node },
        },
        ...(because ? { because } : {}),
      })
      return true
    },
  }
}
