// What a machine that wants to join may read before anybody knows it: where the cluster is and by which authority to know
// it. A loop (controllers/bootstrap-signer) signs it with each bootstrap token.
// Upstream: kubernetes/cmd/kubeadm/app/phases/bootstraptoken/clusterinfo.

import { isAlreadyExists } from '../apimachinery/status-error.ts'
import { writeYaml } from '../apimachinery/yaml.ts'
import type { Client } from '../client/client.ts'
import { ConfigMap, Role, RoleBinding } from '../kinds/index.ts'

const WHERE = { namespace: 'kube-public', name: 'cluster-info' }
const READERS = { namespace: 'kube-public', name: 'kubeadm:bootstrap-signer-clusterinfo' }
const RBAC = 'rbac.authorization.k8s.io'

/** At every start: the address may be another, signatures stay until the loop has made new ones. */
export async function publishClusterInfo(client: Client, told: { server: string; caPem: string }): Promise<void> {
  const there = (err: unknown) => {
    if (!isAlreadyExists(err)) throw err
  }
  const kubeconfig = kubeconfigWithoutUser(told)
  const configMaps = client.of(ConfigMap)
  await Promise.all([
    configMaps
      .create({ metadata: WHERE, data: { kubeconfig } })
      .catch(there)
      .then((made) => made ?? configMaps.patch(WHERE, 'application/merge-patch+json', { data: { kubeconfig } })),
    client
      .of(Role)
      .create({
        metadata: READERS,
        rules: [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: [WHERE.name] }],
      })
      .catch(there),
    client
      .of(RoleBinding)
      .create({
        metadata: READERS,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: READERS.name },
        subjects: [{ kind: 'User', apiGroup: RBAC, name: 'system:anonymous' }],
      })
      .catch(there),
  ])
}

/** As kubeadm writes it: one cluster without a name, and nobody to be. */
function kubeconfigWithoutUser({ server, caPem }: { server: string; caPem: string }): string {
  const cluster = { 'certificate-authority-data': Buffer.from(caPem).toString('base64'), server }
  return writeYaml({
    apiVersion: 'v1',
    clusters: [{ cluster, name: '' }],
    contexts: null,
    'current-context': '',
    kind: 'Config',
    preferences: {},
    users: null,
  })
}
