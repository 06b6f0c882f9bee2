import { mayDo, mayNot } from '../../../server/classroom/labs/index.ts'

export const checks = [
  mayDo('reader', [
    { verb: 'get', resource: 'pods' },
    { verb: 'list', resource: 'pods' },
    { verb: 'watch', resource: 'pods' },
  ]),
  mayNot('reader', [
    { verb: 'delete', resource: 'pods' },
    { verb: 'list', resource: 'secrets' },
  ]),
]
