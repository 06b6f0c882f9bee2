// The APIService: who serves a version of a group, this server or one that runs in the cluster.
// Upstream: kube-aggregator/pkg/registry/apiservice, pkg/apis/apiregistration/validation.

import { oneOf } from '../apimachinery/field-checks.ts'
import { dns1035LabelProblems, dnsSubdomainProblems, pathSegmentProblems } from '../apimachinery/names.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'

export interface ApiServiceCondition {
  type: string
  status: string
  lastTransitionTime?: string
  reason?: string
  message?: string
}

export interface ApiServiceWire extends KubeObject {
  spec: {
    group?: string
    version?: string
    groupPriorityMinimum: number
    versionPriority: number
    insecureSkipTLSVerify?: boolean
    caBundle?: string
    service?: { namespace?: string; name?: string; port?: number }
  }
  status?: { conditions?: ApiServiceCondition[] }
}

export const APIService = defineKind<ApiServiceWire>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    requiresResourceVersion: true,
    setDefaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443
    },
    prepareForCreate(object) {
      // What this server serves is there as soon as it is told of.
      if (!object.spec?.service) object.status = { conditions: [localCondition(object.metadata?.creationTimestamp)] }
    },
    nameProblems: pathSegmentProblems,
    validate,
    validateStatusUpdate: ({ status }) =>
      (status?.conditions ?? []).flatMap(({ status: told }, index) =>
        oneOf(`status.conditions[${index}].status`, told, ['True', 'False', 'Unknown']),
      ),
  },
  columns: [
    nameColumn,
    {
      name: 'Service',
      description: 'The reference to the service that hosts this API endpoint.',
      value: ({ spec }) => (spec.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local'),
    },
    {
      name: 'Available',
      description: 'Whether this service is available.',
      value: ({ status }) => available(status),
    },
    ageColumn,
  ],
})

export const localCondition = (at: string | undefined): ApiServiceCondition => ({
  type: 'Available',
  status: 'True',
  ...(at ? { lastTransitionTime: at } : {}),
  reason: 'Local',
  message: 'Local APIServices are always available',
})

const NOTHING: ApiServiceWire['spec'] = { groupPriorityMinimum: 0, versionPriority: 0 }

function available(status: ApiServiceWire['status']): string {
  const { status: is = 'Unknown', reason } = status?.conditions?.find(({ type }) => type === 'Available') ?? {}
  return is !== 'True' && reason ? `${is} (${reason})` : is
}

function validate({ metadata, spec = NOTHING }: Partial<ApiServiceWire>): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service, caBundle } = spec
  const errors: FieldError[] = []
  const required = `${version}.${group}`
  if (metadata?.name && metadata.name !== required) {
    const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`
    errors.push(fieldError.invalid('metadata.name', metadata.name, why))
  }
  if (group === '' && version !== 'v1') {
    errors.push(fieldError.required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  }
  for (const problem of group ? dnsSubdomainProblems(group) : []) {
    errors.push(fieldError.invalid('spec.group', group, problem))
  }
  for (const problem of dns1035LabelProblems(version)) errors.push(fieldError.invalid('spec.version', version, problem))
  const within = (field: 'groupPriorityMinimum' | 'versionPriority', value: number, most: number) => {
    if (value > 0 && value <= most) return
    errors.push(fieldError.invalid(`spec.${field}`, value, `must be positive and less than ${most}`))
  }
  within('groupPriorityMinimum', groupPriorityMinimum, 20_000)
  within('versionPriority', versionPriority, 1000)
  if (!service) {
    if (caBundle) {
      const size = `${Buffer.from(caBundle, 'base64').length} bytes`
      errors.push(fieldError.invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'))
    }
    if (spec.insecureSkipTLSVerify) {
      const why = 'local APIServices may not have insecureSkipTLSVerify'
      errors.push(fieldError.invalid('spec.insecureSkipTLSVerify', true, why))
    }
    return errors
  }
  const { namespace, name, port = 443 } = service
  if (!namespace) errors.push(fieldError.required('spec.service.namespace'))
  if (!name) errors.push(fieldError.required('spec.service.name'))
  if (port < 1 || port > 65535) {
    const why = 'port is not valid: must be between 1 and 65535, inclusive'
    errors.push(fieldError.invalid('spec.service.port', port, why))
  }
  if (spec.insecureSkipTLSVerify && caBundle) {
    errors.push(fieldError.invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  }
  return errors
}
