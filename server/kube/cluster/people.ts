// Whom a cluster knows from its first moment: an administrator, by RBAC; one whom no role can shut out; and two with less,
// so that a learner can be somebody else by a word: `kubectl config use-context developer`.
//
//   admin      kubernetes-admin         kubeadm:cluster-admins   everything
//   developer  developer                developers               edit in the namespace default
//   auditor    auditor                  auditors                 view everywhere: no Secrets, and nothing is changed

import type { ClusterRoleBinding, RoleBinding } from 'kubernetes-types/rbac/v1'
import { isAlreadyExists } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { writeContexts, writeKubeconfig } from '../client/kubeconfig.ts'
import { ClusterRoleBinding as ClusterRoleBindingKind, RoleBinding as RoleBindingKind } from '../kinds/index.ts'
import type { Certificates } from './pki.ts'

const PEOPLE = {
  admin: { commonName: 'kubernetes-admin', organization: 'kubeadm:cluster-admins' },
  // The way back in for whoever has taken the admins' rights away: nobody asks RBAC about this one.
  'super-admin': { commonName: 'kubernetes-super-admin', organization: 'system:masters' },
  developer: { commonName: 'developer', organization: 'developers' },
  auditor: { commonName: 'auditor', organization: 'auditors' },
} as const

type Person = keyof typeof PEOPLE

export interface PeopleConfigs {
  /** Of an administrator, for use on this host. */
  admin(server: string): string
  superAdmin(server: string): string
  /** Of a learner: an administrator who may be a developer or an auditor too. */
  learner(server: string): string
}

export async function openPeople(pki: Certificates, cluster: string): Promise<PeopleConfigs> {
  const pairOf = async (person: Person) => {
    const { commonName, organization } = PEOPLE[person]
    const pair = await pki.keep(person, { commonName, organizations: [organization], usages: ['client'] })
    return { user: commonName, ...pair }
  }
  const [admin, superAdmin, developer, auditor] = await Promise.all(
    (['admin', 'super-admin', 'developer', 'auditor'] as const).map(pairOf),
  )
  const conf = (server: string, of = admin!) =>
    writeKubeconfig({ server, caPem: pki.caPem, ...of }, { cluster, user: of.user })
  return {
    admin: (server) => conf(server),
    superAdmin: (server) => conf(server, superAdmin!),
    learner: (server) => {
      const contexts = { admin: admin!, developer: { ...developer!, namespace: 'default' }, auditor: auditor! }
      return writeContexts({ name: cluster, server, caPem: pki.caPem }, contexts, 'admin')
    },
  }
}

const RBAC = 'rbac.authorization.k8s.io'
const groupOf = (person: Person) => [{ kind: 'Group', apiGroup: RBAC, name: PEOPLE[person].organization }]
const roleRef = (name: string) => ({ apiGroup: RBAC, kind: 'ClusterRole', name })

const DEVELOPERS: RoleBinding = {
  metadata: { namespace: 'default', name: 'developers' },
  roleRef: roleRef('edit'),
  subjects: groupOf('developer'),
}
const AUDITORS: ClusterRoleBinding = {
  metadata: { name: 'auditors' },
  roleRef: roleRef('view'),
  subjects: groupOf('auditor'),
}

/** As default roles are: what is missing comes back at the next start, what somebody has changed stays. */
export async function bindPeople(client: Client): Promise<void> {
  const there = (err: unknown) => {
    if (!isAlreadyExists(err)) throw err
  }
  await Promise.all([
    client.of(RoleBindingKind).create(DEVELOPERS).catch(there),
    client.of(ClusterRoleBindingKind).create(AUDITORS).catch(there),
  ])
}
