// The aggregator's one kind, APIService: no Debian package carries its Go package, and it has not changed since 1.10.
// Upstream: kube-aggregator/pkg/apis/apiregistration/v1.

import type { FieldRow } from '../facts.ts'

export const API_SERVICE_DEFINITIONS = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1'

export const API_SERVICE_KINDS = {
  APIService: 'apiregistration.v1.APIService',
  APIServiceList: 'apiregistration.v1.APIServiceList',
}

export const API_SERVICE_TYPES: Record<string, FieldRow[]> = {
  'apiregistration.v1.APIService': [
    ['kind', 'string', 0],
    ['apiVersion', 'string', 0],
    ['metadata', 'meta.v1.ObjectMeta', 1, 'a'],
    ['spec', 'apiregistration.v1.APIServiceSpec', 2, 'a'],
    ['status', 'apiregistration.v1.APIServiceStatus', 3, 'a'],
  ],
  'apiregistration.v1.APIServiceList': [
    ['kind', 'string', 0],
    ['apiVersion', 'string', 0],
    ['metadata', 'meta.v1.ListMeta', 1, 'a'],
    ['items', '[]apiregistration.v1.APIService', 2, 'ra'],
  ],
  'apiregistration.v1.APIServiceSpec': [
    ['service', 'apiregistration.v1.ServiceReference', 1, 'p'],
    ['group', 'string', 2],
    ['version', 'string', 3],
    ['insecureSkipTLSVerify', 'bool', 4],
    ['caBundle', 'bytes', 5, '', { lt: 'atomic' }],
    ['groupPriorityMinimum', 'int32', 7, 'ra'],
    ['versionPriority', 'int32', 8, 'ra'],
  ],
  'apiregistration.v1.ServiceReference': [
    ['namespace', 'string', 1],
    ['name', 'string', 2],
    ['port', 'int32', 3, 'p'],
  ],
  'apiregistration.v1.APIServiceStatus': [
    [
      'conditions',
      '[]apiregistration.v1.APIServiceCondition',
      1,
      '',
      { ps: 'merge', pk: 'type', lt: 'map', lk: ['type'] },
    ],
  ],
  'apiregistration.v1.APIServiceCondition': [
    ['type', 'string', 1, 'ra'],
    ['status', 'string', 2, 'ra'],
    ['lastTransitionTime', 'time', 3],
    ['reason', 'string', 4],
    ['message', 'string', 5],
  ],
}
