import { mayDo, mayNot } from '../../../server/classroom/labs/index.ts'

export const checks = [
  mayDo('reader', [
    { verb: 'list', resource: 'services' },
    { verb: 'list', resource: 'deployments.apps' },
  ]),
  mayNot('reader', [
    { verb: 'list', resource: 'pods', namespace: 'kube-system' },
    { verb: 'get', resource: 'secrets' },
  ]),
]
