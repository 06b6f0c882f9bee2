// Whose is what in the registry that learners push to: `lab-a/hello` belongs to lab-a, who alone may push there. Everybody
// may pull it, but for what lies below `lab-a/private`.

export interface Asked {
  repository: string
  right: 'pull' | 'push'
}

const PART = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*'
const THINGS = [
  'tags/list',
  String.raw`manifests/\w[\w.:+-]*`,
  String.raw`blobs/\w[\w.:+-]*`,
  String.raw`blobs/uploads/[\w=-]*`,
]
const REQUEST = new RegExp(`^/v2/(${PART}(?:/${PART})*)/(${THINGS.join('|')})$`)

/** Undefined for what is no request about a repository: its path is told to the registry as it is, so nothing odd passes. */
export function whatIsAsked(method: string, path: string): Asked | undefined {
  const [, repository, thing] = REQUEST.exec(path) ?? []
  if (!repository || !thing) return undefined
  const isLook = (method === 'GET' || method === 'HEAD') && !thing.startsWith('blobs/uploads/')
  return { repository, right: isLook ? 'pull' : 'push' }
}

export const ownerOf = (repository: string): string => repository.split('/')[0] ?? ''

/** `user` is undefined for somebody who did not say who they are. */
export function mayDo(user: string | undefined, { repository, right }: Asked): boolean {
  if (user !== undefined && user === ownerOf(repository)) return true
  return right === 'pull' && repository.split('/')[1] !== 'private'
}
