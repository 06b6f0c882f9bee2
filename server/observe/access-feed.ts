// Who may do what in one cluster, asked of its roles and bindings: may somebody do it, by which rule or why not; what
// reaches them at all; and who may do it. As they are now, the answer comes again whenever a role or binding changes it;
// as they were at a revision, the store knows them.

import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1'
import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { Grant, GrantedRule } from '../base/trace.ts'
import {
  type Explanation,
  explain,
  type PolicyKind,
  RbacPolicy,
  reachOf,
  SUPERUSERS,
  whoCan,
} from '../kube/apiserver/index.ts'
import type { Transport } from '../kube/client/index.ts'
import type { ClusterHost } from '../kube/cluster/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding, ServiceAccount } from '../kube/kinds/index.ts'
import { type AccessWish, attributesOf, type UnderstoodWish } from './access-wish.ts'
import { objectsAt } from './past.ts'
import type { Raw } from './seen-object.ts'
import { type FeedOptions, WatchedObjects } from './watched-objects.ts'

export interface AccessQuestion {
  /** Left out: of nobody in particular; then only who may do it is answered. */
  who?: { name: string; groups: string[] }
  wish: AccessWish
}

/** What RBAC says of somebody, and what the API server does. */
export interface AccessVerdict extends Explanation {
  /**
   * After all whom it asks: the Node authorizer, policy files and webhooks as well as RBAC. Left out of earlier moments, of
   * which only the roles and bindings are remembered.
   */
  server?: { allowed: boolean; denied: boolean; reason: string }
  /** Every binding that reaches them, with its role's rules; without, when there is no such role. */
  reach: (Grant & { rules?: readonly PolicyRule[] | undefined })[]
  /** Of the group that may do everything before RBAC is asked. */
  isSuperuser: boolean
}

/** Somebody who may do it, and each rule by which. */
export interface AccessHolder {
  subject: Grant['subject']
  by: (GrantedRule & { told: PolicyRule })[]
}

export interface AccessPush {
  wish: UnderstoodWish
  /** What is odd about the wish; empty when nothing is. */
  note: string
  verdict?: AccessVerdict
  holders: AccessHolder[]
  /** Everybody whom a binding names, and every ServiceAccount there is. */
  subjects: Grant['subject'][]
  bindingCount: number
}

const KINDS: readonly AnyKind[] = [Role, ClusterRole, RoleBinding, ClusterRoleBinding, ServiceAccount]
const isReadWhole = (kind: AnyKind): boolean => kind !== ServiceAccount

export class AccessFeed implements Disposable {
  readonly #watched: WatchedObjects
  readonly #options: FeedOptions

  constructor(options: FeedOptions) {
    this.#options = options
    this.#watched = new WatchedObjects({ ...options, kinds: KINDS, isReadWhole })
  }

  async *watch(question: AccessQuestion, signal: AbortSignal): AsyncGenerator<AccessPush> {
    let sent: string | undefined
    using transport = this.#options.connect()
    for await (const push of this.#watched.whenever(signal, (all) => answer(question, all))) {
      const server = question.who && (await askServer(transport, question.who, push.wish))
      const whole = push.verdict && server ? { ...push, verdict: { ...push.verdict, server } } : push
      const told = JSON.stringify(whole)
      if (told === sent) continue
      sent = told
      yield whole
    }
  }

  [Symbol.dispose](): void {
    this.#watched[Symbol.dispose]()
  }
}

/** Undefined when it does not answer: then RBAC's word is all there is. */
async function askServer(
  transport: Transport,
  who: NonNullable<AccessQuestion['who']>,
  { verb, path, ...attributes }: UnderstoodWish,
): Promise<AccessVerdict['server']> {
  const asked = path ? { nonResourceAttributes: { path, verb } } : { resourceAttributes: { ...attributes, verb } }
  const review = (await transport
    .request({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: { spec: { user: who.name, groups: who.groups, ...asked } },
    })
    .catch(() => undefined)) as SubjectAccessReview | undefined
  const { allowed, denied = false, reason = '' } = review?.status ?? {}
  return allowed === undefined ? undefined : { allowed, denied, reason }
}

/** Undefined where the store has forgotten that revision. */
export async function accessAt(
  host: ClusterHost,
  cluster: string,
  { revision, question }: { revision: number; question: AccessQuestion },
): Promise<AccessPush | undefined> {
  const { all, isForgotten } = await objectsAt(host, cluster, { revision, kinds: KINDS, isReadWhole })
  return isForgotten ? undefined : answer(question, all)
}

function answer({ who, wish }: AccessQuestion, all: readonly Raw[]): AccessPush {
  const policy = new RbacPolicy()
  for (const { kind, object } of all) if (kind !== ServiceAccount) policy.put(kind.kind as PolicyKind, object)
  const { attributes, note } = attributesOf(wish)
  return {
    wish: attributes,
    note,
    ...(who
      ? {
          verdict: {
            ...explain(policy, who, attributes),
            reach: reachOf(policy, who),
            isSuperuser: who.groups.includes(SUPERUSERS),
          },
        }
      : {}),
    holders: whoCan(policy, attributes).map(({ subject, by }) => ({
      subject,
      by: by.map((held) => ({ ...held, told: policy.rulesOf(held.role)?.[held.rule] ?? { verbs: [] } })),
    })),
    subjects: subjectsIn(policy, all),
    bindingCount: [...policy.bindings].length,
  }
}

function subjectsIn(policy: RbacPolicy, all: readonly Raw[]): Grant['subject'][] {
  const subjects = new Map<string, Grant['subject']>()
  const add = (subject: Grant['subject']) => subjects.set(Object.values(subject).join('/'), subject)
  for (const bounds of policy.bindings) for (const { subject } of bounds) add(subject)
  for (const { kind, object } of all) {
    const { name = '', namespace = '' } = object.metadata ?? {}
    if (kind === ServiceAccount) add({ kind: 'ServiceAccount', name, namespace })
  }
  return [...subjects.keys()].sort().map((key) => subjects.get(key) as Grant['subject'])
}
