// A question as it is typed: subject, verb, what, where, which.

import type { AccessQuestion } from '../../../../server/observe/index.ts'
import type { Decided } from './access-requests.ts'
import { type Asker, askerOf, userWord } from './subjects.ts'

export interface Draft {
  subject: string
  verb: string
  /** `deployments.apps/scale`, `pods`, or a path: `/healthz`. */
  what: string
  namespace: string
  name: string
}

export function draftOf({ user, verb, group, resource, subresource, namespace, name, path }: Decided): Draft {
  return { subject: userWord(user), verb, what: path ?? whatOf({ group, resource, subresource }), namespace, name }
}

export function whatOf({ group, resource, subresource }: { group: string; resource: string; subresource: string }) {
  return `${resource}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`
}

/** What a request itself asks: nothing in it is left to be understood. */
export function questionOfRequest({ decision, user, path = '', ...event }: Decided): AccessQuestion {
  const { verb, group, resource, subresource, namespace, name } = event
  return {
    who: { name: user, groups: [...decision.groups] },
    wish: { verb, group, resource, subresource, namespace, name, path },
  }
}

/** What is still to be said before it can be asked; empty when nothing is. */
export function lackOf({ verb, what }: Draft): string {
  if (verb.trim() === '') return 'Say what is to be done: get, list, create, delete …'
  if (what.trim() === '') return 'Say with what: pods, deployments.apps, pods/log, or a path such as /healthz.'
  if (what.trim() === '/') return 'Say which path: /healthz, for example.'
  return ''
}

export function questionOf(draft: Draft, seen: ReadonlyMap<string, readonly string[]>): AccessQuestion | undefined {
  if (lackOf(draft) !== '') return undefined
  const who: Asker | undefined = askerOf(draft.subject, seen)
  const what = draft.what.trim()
  const isPath = what.startsWith('/')
  const [full = '', subresource = ''] = isPath ? [] : what.split('/')
  const dot = full.indexOf('.')
  return {
    ...(who ? { who } : {}),
    wish: {
      verb: draft.verb.trim().toLowerCase(),
      ...(dot < 0 ? {} : { group: full.slice(dot + 1) }),
      resource: dot < 0 ? full : full.slice(0, dot),
      subresource,
      namespace: isPath ? '' : draft.namespace.trim(),
      name: isPath ? '' : draft.name.trim(),
      path: isPath ? what : '',
    },
  }
}
