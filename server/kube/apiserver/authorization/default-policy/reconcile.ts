// Brings the default policy into a cluster, and back after somebody has taken from it: what is missing is added, what
// somebody has added stays, and what says `autoupdate: "false"` is left alone.
// Upstream: kubernetes/plugin/pkg/auth/authorizer/rbac/…, component-helpers/auth/rbac/reconciliation.

import type { ClusterRole, PolicyRule, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import { deepEqual } from '../../../apimachinery/deep.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { isAlreadyExists, isConflict } from '../../../apimachinery/status-error.ts'
import { type Client, createClient } from '../../../client/client.ts'
import type { Transport } from '../../../client/transport.ts'
import type { AnyKind } from '../../../kinds/define-kind.ts'
import {
  ClusterRoleBinding,
  ClusterRole as ClusterRoleKind,
  Role,
  RoleBinding as RoleBindingKind,
} from '../../../kinds/index.ts'
import { missingAtoms } from '../rbac/escalation.ts'
import { AUTO_UPDATE, defaultPolicy } from './objects.ts'

const KINDS: Readonly<Record<string, AnyKind>> = {
  ClusterRole: ClusterRoleKind,
  ClusterRoleBinding,
  Role,
  RoleBinding: RoleBindingKind,
}

/** All at once: the store makes one disk write of writes that come together. `peek` looks at caches that are full. */
export async function ensureDefaultPolicy(
  transport: Transport,
  peek: (kind: AnyKind, namespace: string, name: string) => KubeObject | undefined,
): Promise<void> {
  const client = createClient(transport)
  await Promise.all(
    defaultPolicy().map(async (wanted) => {
      const kind = KINDS[wanted.kind ?? '']
      if (!kind) return
      const { namespace = '', name = '' } = wanted.metadata ?? {}
      await bring(client, kind, wanted, peek(kind, namespace, name)).catch((err) => {
        // Another server, or a person, was quicker; the next start looks again.
        if (!isAlreadyExists(err) && !isConflict(err)) throw err
      })
    }),
  )
}

async function bring(client: Client, kind: AnyKind, wanted: KubeObject, there: KubeObject | undefined): Promise<void> {
  const of = client.of(kind)
  if (!there) return void (await of.create(wanted))
  if (there.metadata?.annotations?.[AUTO_UPDATE] === 'false') return
  const { roleRef } = there as RoleBinding
  if (!deepEqual(roleRef, (wanted as RoleBinding).roleRef)) {
    // A binding's role is for ever: only another binding can have another.
    const { namespace, name = '' } = there.metadata ?? {}
    await of.delete({ name, ...(namespace ? { namespace } : {}) })
    return void (await of.create(wanted))
  }
  const next = completed(wanted, there)
  if (!deepEqual(next, there)) await of.update(next)
}

/** `there`, with what it lacks. */
export function completed(wanted: KubeObject, there: KubeObject): KubeObject {
  const metadata = {
    ...there.metadata,
    labels: { ...wanted.metadata?.labels, ...there.metadata?.labels },
    annotations: { ...wanted.metadata?.annotations, ...there.metadata?.annotations },
  }
  const { subjects, rules, aggregationRule } = wanted as Partial<RoleBinding & ClusterRole>
  const now = there as Partial<RoleBinding & ClusterRole>
  return {
    ...there,
    metadata,
    ...(subjects ? { subjects: union<Subject>(now.subjects, subjects) } : {}),
    ...(rules ? { rules: withMissing(now.rules ?? [], rules) } : {}),
    ...(aggregationRule
      ? {
          aggregationRule: {
            clusterRoleSelectors: union(
              now.aggregationRule?.clusterRoleSelectors,
              aggregationRule.clusterRoleSelectors ?? [],
            ),
          },
        }
      : {}),
  } as KubeObject
}

function withMissing(there: PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return [...there, ...wanted.filter((rule) => missingAtoms(there, [rule]).length > 0)]
}

function union<T>(there: readonly T[] | undefined, wanted: readonly T[]): T[] {
  const now = there ?? []
  return [...now, ...wanted.filter((one) => !now.some((other) => deepEqual(one, other)))]
}
