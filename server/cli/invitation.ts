// What a machine on another host is told of the cluster that it joins, as kubeadm-config is under kubeadm: a Secret for whoever
// comes with the invitation's token, and for nobody else. It is there as long as the invitation is.

import type { Role, RoleBinding } from 'kubernetes-types/rbac/v1'
import { isNotFound } from '../kube/apimachinery/status-error.ts'
import type { Client } from '../kube/client/index.ts'
import { RoleBinding as RoleBindingKind, Role as RoleKind, Secret } from '../kube/kinds/index.ts'
import type { RegistryAccess } from '../machines/index.ts'
import type { MachineChoices } from './joining.ts'
import { tokenSecret } from './token-commands.ts'

export interface Invitation {
  /** Of Kubernetes, at home. */
  version: string
  node: string
  ordinal: number
  choices: MachineChoices
  registry: RegistryAccess
}

const KEY = 'invitation'
const RBAC = 'rbac.authorization.k8s.io'
const idOf = (token: string) => token.split('.')[0] ?? ''
const metadataFor = (token: string) => ({ name: `podium-invitation-${idOf(token)}`, namespace: 'kube-system' })

export async function publishInvitation(client: Client, token: string, invitation: Invitation): Promise<void> {
  const metadata = metadataFor(token)
  const role: Role = {
    metadata,
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [metadata.name], verbs: ['get'] }],
  }
  const binding: RoleBinding = {
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'User', apiGroup: RBAC, name: `system:bootstrap:${idOf(token)}` }],
  }
  await client.of(Secret).create({ metadata, stringData: { [KEY]: JSON.stringify(invitation) } })
  await client.of(RoleKind).create(role)
  await client.of(RoleBindingKind).create(binding)
}

/** With its token. */
export async function withdrawInvitation(client: Client, token: string): Promise<void> {
  const where = metadataFor(token)
  const gone = (err: unknown) => {
    if (!isNotFound(err)) throw err
  }
  await client.of(RoleBindingKind).delete(where).catch(gone)
  await client.of(RoleKind).delete(where).catch(gone)
  await client.of(Secret).delete(where).catch(gone)
  await client
    .of(Secret)
    .delete(tokenSecret(idOf(token)))
    .catch(gone)
}

/** By whoever has its token. */
export async function readInvitation(client: Client, token: string): Promise<Invitation> {
  const { data = {} } = await client.of(Secret).get(metadataFor(token))
  return JSON.parse(Buffer.from(data[KEY] ?? '', 'base64').toString()) as Invitation
}
