// Who can be asked about, as people write them: `otter` is a user, `shop/robot` a ServiceAccount, `group class-a` anybody
// of that group. Whoever asks as a user counts as the groups in which the API server has seen that user, or would put it.

import type { Grant } from '../../../../server/base/trace.ts'

export interface Asker {
  name: string
  groups: string[]
}

type Subject = Grant['subject']

const account = /^system:serviceaccount:([^:/\s]+):([^:/\s]+)$/
const shortAccount = /^([^/\s:]+)\/([^/\s:]+)$/
const everybody = 'system:authenticated'

/** Undefined when nobody is named. `seen` are the groups of users whose requests were seen. */
export function askerOf(text: string, seen: ReadonlyMap<string, readonly string[]>): Asker | undefined {
  const word = text.trim()
  if (word === '') return undefined
  if (word.startsWith('group ')) {
    const group = word.slice('group '.length).trim()
    if (group === '') return undefined
    const isKnown = group !== everybody && group !== 'system:unauthenticated'
    return { name: '', groups: isKnown ? [group, everybody] : [group] }
  }
  const [, namespace, name] = account.exec(word) ?? shortAccount.exec(word) ?? []
  if (namespace && name) {
    return {
      name: `system:serviceaccount:${namespace}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, everybody],
    }
  }
  const groups = seen.get(word)
  if (groups) return { name: word, groups: [...groups] }
  if (word === 'system:anonymous') return { name: word, groups: ['system:unauthenticated'] }
  return { name: word, groups: word.startsWith('system:node:') ? ['system:nodes', everybody] : [everybody] }
}

/** A user as people write it. */
export function userWord(name: string): string {
  const [, namespace, robot] = account.exec(name) ?? []
  return namespace && robot ? `${namespace}/${robot}` : name
}

export function subjectWord({ kind, name, namespace }: Subject): string {
  if (kind === 'ServiceAccount') return `${namespace}/${name}`
  return kind === 'Group' ? `group ${name}` : userWord(name)
}

/** What a subject is, for those who do not know the name. */
export function subjectKind({ kind, name }: Subject): string {
  if (kind !== 'Group') return kind
  if (name === everybody) return 'group: everybody who is known'
  if (name === 'system:unauthenticated') return 'group: whoever is not known'
  if (name === 'system:serviceaccounts') return 'group: all ServiceAccounts'
  const [, namespace] = /^system:serviceaccounts:(.+)$/.exec(name) ?? []
  return namespace ? `group: all ServiceAccounts of ${namespace}` : 'group'
}
