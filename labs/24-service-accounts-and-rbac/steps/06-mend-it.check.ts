import { mayDo, mayNot, noWildcards } from '../../../server/classroom/labs/index.ts'

export const checks = [
  mayDo('backup', [
    { verb: 'get', resource: 'configmaps' },
    { verb: 'list', resource: 'configmaps' },
  ]),
  mayNot('backup', [
    { verb: 'delete', resource: 'configmaps' },
    { verb: 'get', resource: 'secrets' },
    { verb: 'list', resource: 'pods' },
    { verb: 'list', resource: 'configmaps', namespace: 'kube-system' },
  ]),
  noWildcards('backup'),
]
