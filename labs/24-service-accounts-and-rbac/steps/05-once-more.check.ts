import { mayDo, mayNot, noWildcards } from '../../../server/classroom/labs/index.ts'

export const checks = [
  mayDo('deployer', [
    { verb: 'get', resource: 'deployments.apps' },
    { verb: 'list', resource: 'deployments.apps' },
    { verb: 'patch', resource: 'deployments.apps' },
  ]),
  mayNot('deployer', [
    { verb: 'delete', resource: 'deployments.apps' },
    { verb: 'get', resource: 'secrets' },
    { verb: 'list', resource: 'secrets' },
    { verb: 'patch', resource: 'deployments.apps', namespace: 'kube-system' },
  ]),
  noWildcards('deployer'),
]
