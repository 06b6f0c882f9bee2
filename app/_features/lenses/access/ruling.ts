// Yes or no, and by whom: of a request, as it was decided; of a typed question, as the roles and bindings are at the moment
// that is looked at.

import type { GrantedRule, NearMiss } from '../../../../server/base/trace.ts'
import type { AccessPush } from '../../../../server/observe/index.ts'
import type { Decided } from './access-requests.ts'
import type { Draft } from './draft.ts'

export interface Ruling {
  allowed: boolean
  /** In few words: who let it through, or that nobody did. */
  words: string
  by?: GrantedRule | undefined
  nearest: readonly NearMiss[]
  /** What would be said to a request like that one now, when it is another thing. */
  nowOtherwise: '' | 'allowed' | 'refused'
}

const superuser = 'system:masters may do everything; no rule is asked.'

export function rulingOf(asked: {
  draft: Draft | undefined
  request: Decided | undefined
  now: AccessPush | undefined
}): Ruling | undefined {
  const { draft, request, now } = asked
  if (draft) return now?.verdict && ofVerdict(now.verdict, isNode(draft.subject))
  return request && ofRequest(request, now)
}

function ofVerdict(verdict: NonNullable<AccessPush['verdict']>, isNode: boolean): Ruling {
  const { allowed, by, nearest, isSuperuser, looked, server } = verdict
  const told = { nearest, nowOtherwise: '' } as const
  if (isSuperuser) return { ...told, allowed: true, words: superuser }
  if (server?.denied)
    return { ...told, allowed: false, words: `RBAC is not asked: ${server.reason || 'another says no'}.` }
  if (allowed) return { ...told, allowed, by, words: 'RBAC says yes.' }
  const words = `${count(looked.bindings, 'binding reaches', 'bindings reach')} this place, ${count(looked.rules, 'rule', 'rules')}, and none fits.`
  const another = isNode ? 'The Node authorizer says yes, by what runs on the node' : 'Another authorizer says yes'
  if (server?.allowed)
    return { ...told, allowed: true, words: `${another}${server.reason && `: ${server.reason}`}. RBAC: ${words}` }
  const unasked = ' For a kubelet the Node authorizer may still say yes: it looks at what is on the node.'
  return { ...told, allowed, words: isNode && !server ? words + unasked : words }
}

/** `kubectl auth can-i` sends these. */
const onlyAsks = /^(self|local)?subject(access|rules)reviews$/

function ofRequest({ decision, code, resource }: Decided, now: AccessPush | undefined): Ruling {
  const { allowed, by, nearest = [], asked } = decision
  const last = asked.at(-1)?.authorizer ?? ''
  const nowAllowed = now?.verdict && (now.verdict.server?.allowed ?? (now.verdict.allowed || now.verdict.isSuperuser))
  // What the Node authorizer decides is not RBAC's to repeat.
  const isComparable = nowAllowed !== undefined && (by !== undefined || !allowed)
  const isOtherwise = isComparable && nowAllowed !== allowed
  return {
    allowed,
    by,
    nearest,
    nowOtherwise: isOtherwise ? (nowAllowed ? 'allowed' : 'refused') : '',
    words: allowed
      ? last === 'system:masters'
        ? superuser
        : onlyAsks.test(resource)
          ? `${last} said yes to the question. What it answered is another matter.`
          : `${last} said yes${code >= 400 ? `; what came after answered ${code}` : ''}.`
      : 'Nobody said yes. No rule forbids; what is not allowed is refused.',
  }
}

const isNode = (subject: string) => subject.trim().startsWith('system:node:')
const count = (many: number, one: string, more: string) => `${many} ${many === 1 ? one : more}`

export function verdictWords({ allowed }: Ruling, isTyped: boolean): string {
  if (isTyped) return allowed ? 'Yes, it may' : 'No, it may not'
  return allowed ? 'Allowed' : 'Refused'
}

/** `moment`: the revision that is looked at, where that is not now. */
export const otherwiseWords = (now: 'allowed' | 'refused', moment: number | undefined) =>
  `Roles or bindings have changed since: sent again ${moment === undefined ? 'now' : `at revision ${moment}`}, it would be ${now}.`
