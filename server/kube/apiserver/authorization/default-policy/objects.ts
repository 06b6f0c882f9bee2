// The default policy as objects: roles from the tables beside this file, and who has them.
// Upstream: bootstrappolicy/{policy,namespace_policy}.go.

import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import { AGGREGATED, CLUSTER_ROLES, GATHERED } from './cluster-roles.ts'
import { CONTROLLER_ACCOUNTS, CONTROLLER_PREFIX } from './controller-roles.ts'
import { EVENTS, rule } from './tell.ts'

export const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const GROUP = 'rbac.authorization.k8s.io'
const SYSTEM = 'kube-system'
const PUBLIC = 'kube-public'

type PolicyObject = Role | ClusterRole | RoleBinding | ClusterRoleBinding

const user = (name: string): Subject => ({ kind: 'User', name, apiGroup: GROUP })
const group = (name: string): Subject => ({ kind: 'Group', name, apiGroup: GROUP })
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: SYSTEM })

const MANAGER = user('system:kube-controller-manager')
const SCHEDULER = user('system:kube-scheduler')
const EVERYBODY_KNOWN = group('system:authenticated')

/** Bindings have the names of their roles. */
const CLUSTER_BINDINGS: Readonly<Record<string, Subject[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:discovery': [EVERYBODY_KNOWN],
  'system:basic-user': [EVERYBODY_KNOWN],
  'system:public-info-viewer': [EVERYBODY_KNOWN, group('system:unauthenticated')],
  'system:monitoring': [group('system:monitoring')],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:kube-controller-manager': [MANAGER],
  'system:kube-scheduler': [SCHEDULER],
  'system:volume-scheduler': [SCHEDULER],
  'system:kube-dns': [account('kube-dns')],
  'system:coredns': [account('coredns')],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
  // Nobody has it: nodes are the Node authorizer's business.
  'system:node': [],
  ...Object.fromEntries(CONTROLLER_ACCOUNTS.map((name) => [`${CONTROLLER_PREFIX}${name}`, [account(name)]])),
}

const reader = 'extension-apiserver-authentication-reader'
const locking = (component: string) => `system::leader-locking-${component}`
const LOCK = [
  rule('create get list update watch', ['coordination.k8s.io'], 'leases'),
  rule('create get list update watch', ['coordination.k8s.io'], 'leasecandidates'),
]

interface NamespacedRole {
  rules: Role['rules']
  /** The name of the binding. */
  binding: string
  subjects: Subject[]
}

const SIGNER = `${CONTROLLER_PREFIX}bootstrap-signer`
const CLOUD = `${CONTROLLER_PREFIX}cloud-provider`

/** In kube-system, by role. */
const SYSTEM_ROLES: Readonly<Record<string, NamespacedRole>> = {
  [reader]: {
    rules: [rule('get list watch', [''], 'configmaps', 'extension-apiserver-authentication')],
    binding: `system::${reader}`,
    subjects: [MANAGER, SCHEDULER],
  },
  [locking('kube-controller-manager')]: {
    rules: LOCK,
    binding: locking('kube-controller-manager'),
    subjects: [MANAGER, account('kube-controller-manager'), account('leader-election-controller')],
  },
  [locking('kube-scheduler')]: {
    rules: LOCK,
    binding: locking('kube-scheduler'),
    subjects: [SCHEDULER, account('kube-scheduler')],
  },
  [`${CONTROLLER_PREFIX}token-cleaner`]: {
    rules: [rule('delete get list watch', [''], 'secrets'), EVENTS],
    binding: `${CONTROLLER_PREFIX}token-cleaner`,
    subjects: [account('token-cleaner')],
  },
  [CLOUD]: {
    rules: [rule('create get list watch', [''], 'configmaps')],
    binding: CLOUD,
    subjects: [account('cloud-provider')],
  },
  [SIGNER]: {
    rules: [rule('get list watch', [''], 'secrets')],
    binding: SIGNER,
    subjects: [account('bootstrap-signer')],
  },
}

/** The same, in kube-public. */
const PUBLIC_ROLES: Readonly<Record<string, NamespacedRole>> = {
  [SIGNER]: {
    rules: [rule('get list watch', [''], 'configmaps'), rule('update', [''], 'configmaps', 'cluster-info'), EVENTS],
    binding: SIGNER,
    subjects: [account('bootstrap-signer')],
  },
}

export function defaultPolicy(): PolicyObject[] {
  return [
    ...Object.entries(AGGREGATED).map(([name, { label, labels }]): ClusterRole => {
      const clusterRoleSelectors = [{ matchLabels: { [`${GROUP}/${label}`]: 'true' } }]
      return { ...clusterRole(name, labels), aggregationRule: { clusterRoleSelectors } }
    }),
    ...Object.entries(CLUSTER_ROLES).map(([name, rules]): ClusterRole => {
      const label = GATHERED[name]
      return { ...clusterRole(name, label ? [label] : []), rules: [...rules] }
    }),
    ...Object.entries(CLUSTER_BINDINGS).map(([name, subjects]) => clusterRoleBinding(name, subjects)),
    // Whom kubeadm's admin.conf belongs to.
    clusterRoleBinding('kubeadm:cluster-admins', [group('kubeadm:cluster-admins')], 'cluster-admin'),
    ...Object.entries(SYSTEM_ROLES).flatMap(([name, told]) => namespacedRole(SYSTEM, name, told)),
    ...Object.entries(PUBLIC_ROLES).flatMap(([name, told]) => namespacedRole(PUBLIC, name, told)),
  ]
}

const apiVersion = `${GROUP}/v1` as const

const metadata = (name: string, labels: readonly string[] = []) => ({
  name,
  labels: {
    'kubernetes.io/bootstrapping': 'rbac-defaults',
    ...Object.fromEntries(labels.map((label) => [`${GROUP}/${label}`, 'true'])),
  },
  annotations: { [AUTO_UPDATE]: 'true' },
})

const clusterRole = (name: string, labels: readonly string[]): ClusterRole => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: metadata(name, labels),
})

const clusterRoleBinding = (name: string, subjects: Subject[], role = name): ClusterRoleBinding => ({
  apiVersion,
  kind: 'ClusterRoleBinding',
  metadata: metadata(name),
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  ...(subjects.length > 0 ? { subjects } : {}),
})

function namespacedRole(
  namespace: string,
  name: string,
  { rules, binding, subjects }: NamespacedRole,
): [Role, RoleBinding] {
  return [
    { apiVersion, kind: 'Role', metadata: { ...metadata(name), namespace }, rules: rules ?? [] },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { ...metadata(binding), namespace },
      roleRef: { apiGroup: GROUP, kind: 'Role', name },
      subjects,
    },
  ]
}
