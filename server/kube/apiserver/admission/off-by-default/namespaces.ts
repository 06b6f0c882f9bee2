// NamespaceExists, and NamespaceAutoProvision, which makes what is missing.
// Upstream: kubernetes/plugin/pkg/admission/namespace/{exists,autoprovision}.

import { isAlreadyExists, notFound } from '../../../apimachinery/status-error.ts'
import type { Client } from '../../../client/client.ts'
import { Namespace } from '../../../kinds/index.ts'
import type { AdmissionPlugin, AdmissionReader } from '../admission.ts'

async function isThere(namespace: string, reader: AdmissionReader): Promise<boolean> {
  if (reader.find(Namespace, '', namespace)) return true
  await reader.caughtUp()
  return reader.find(Namespace, '', namespace) !== undefined
}

export const namespaceExists: AdmissionPlugin = {
  name: 'NamespaceExists',
  handles: ({ operation, kind, namespace }) =>
    kind.namespaced && namespace !== '' && (operation === 'CREATE' || operation === 'UPDATE' || operation === 'DELETE'),
  async validate({ namespace }, reader) {
    if (!(await isThere(namespace, reader))) throw notFound({ group: '', resource: 'namespaces' }, namespace)
  },
}

/** `client` writes as the server itself. */
export const namespaceAutoProvision = (client: () => Client): AdmissionPlugin => ({
  name: 'NamespaceAutoProvision',
  handles: ({ operation, kind, namespace }) => operation === 'CREATE' && kind.namespaced && namespace !== '',
  async mutate({ namespace, dryRun }, reader) {
    if (dryRun || (await isThere(namespace, reader))) return
    try {
      await client()
        .of(Namespace)
        .create({ metadata: { name: namespace } })
    } catch (err) {
      if (!isAlreadyExists(err)) throw err
    }
    await reader.caughtUp()
  },
})
