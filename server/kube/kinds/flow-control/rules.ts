// Whose requests a flow schema is about, and which. Upstream: pkg/apis/flowcontrol/validation/validation.go.

import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from 'kubernetes-types/flowcontrol/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { ownOf } from '../../apimachinery/own.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const SUBJECTS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const

export function policyErrors(rule: PolicyRulesWithSubjects, at: string): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule
  const errors = subjects.flatMap((subject, index) => subjectErrors(subject, `${at}.subjects[${index}]`))
  if (subjects.length === 0) {
    errors.push(fieldError.required(`${at}.subjects`, 'subjects must contain at least one value'))
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(fieldError.required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  return [
    ...errors,
    ...resourceRules.flatMap((one, index) => resourceErrors(one, `${at}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((one, index) => pathRuleErrors(one, `${at}.nonResourceRules[${index}]`)),
  ]
}

function subjectErrors(subject: Subject, at: string): FieldError[] {
  const own = ownOf<(typeof SUBJECTS)[keyof typeof SUBJECTS]>(SUBJECTS, subject.kind)
  if (!own) return [fieldError.notSupported(`${at}.kind`, subject.kind, Object.keys(SUBJECTS).sort())]
  const errors: FieldError[] = []
  const told = subject[own]
  if (!told)
    errors.push(fieldError.required(`${at}.${own}`, `${own} is required when subject kind is '${subject.kind}'`))
  else if (!told.name) errors.push(fieldError.required(`${at}.${own}.name`))
  if (subject.kind === 'ServiceAccount' && subject.serviceAccount) {
    const { name, namespace } = subject.serviceAccount
    if (name && name !== '*') errors.push(...problemsAt(`${at}.${own}.name`, name, dnsSubdomainProblems(name)))
    if (namespace) errors.push(...problemsAt(`${at}.${own}.namespace`, namespace, dnsLabelProblems(namespace)))
    else errors.push(fieldError.required(`${at}.${own}.namespace`, 'must specify namespace for service account'))
  }
  for (const [kind, field] of Object.entries(SUBJECTS)) {
    if (field !== own && subject[field]) {
      errors.push(fieldError.forbidden(`${at}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`))
    }
  }
  return errors
}

function resourceErrors(rule: ResourcePolicyRule, at: string): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule
  const errors = [
    ...verbErrors(verbs, `${at}.verbs`),
    ...listErrors(apiGroups, `${at}.apiGroups`, {
      needed: 'resource rules must supply at least one api group',
      others: 'api groups',
    }),
    ...listErrors(resources, `${at}.resources`, {
      needed: 'resource rules must supply at least one resource',
      others: 'resources',
    }),
  ]
  if (namespaces.length === 0) {
    const why = 'resource rules that are not cluster scoped must supply at least one namespace'
    return clusterScope ? errors : [...errors, fieldError.required(`${at}.namespaces`, why)]
  }
  if (namespaces.includes('*')) {
    return [...errors, ...listErrors(namespaces, `${at}.namespaces`, { needed: '', others: 'namespaces' })]
  }
  const intro = "each member of this list must be '*' or a DNS-1123 label; "
  return [
    ...errors,
    ...namespaces.flatMap((namespace, index) =>
      problemsAt(
        `${at}.namespaces[${index}]`,
        namespace,
        dnsLabelProblems(namespace).map((problem) => intro + problem),
      ),
    ),
  ]
}

function pathRuleErrors({ verbs = [], nonResourceURLs = [] }: NonResourcePolicyRule, at: string): FieldError[] {
  const errors = [
    ...verbErrors(verbs, `${at}.verbs`),
    ...listErrors(nonResourceURLs, `${at}.nonResourceURLs`, {
      needed: 'nonResourceURLs must contain at least one value',
      others: 'non-resource URLs',
    }),
  ]
  if (nonResourceURLs.includes('*')) return errors
  return [
    ...errors,
    ...nonResourceURLs.flatMap((path, index) => {
      const problem = pathProblem(path)
      return problem ? [fieldError.invalid(`${at}.nonResourceURLs[${index}]`, path, problem)] : []
    }),
  ]
}

function verbErrors(verbs: string[], at: string): FieldError[] {
  const errors = listErrors(verbs, at, { needed: 'verbs must contain at least one value', others: 'verbs' })
  const isKnown = verbs.includes('*') || verbs.every((verb) => VERBS.includes(verb))
  return isKnown ? errors : [...errors, fieldError.notSupported(at, verbs, VERBS)]
}

function listErrors(
  values: string[],
  at: string,
  { needed, others }: { needed: string; others: string },
): FieldError[] {
  if (values.length === 0) return [fieldError.required(at, needed)]
  return values.length > 1 && values.includes('*')
    ? [fieldError.invalid(at, values, `if '*' is present, must not specify other ${others}`)]
    : []
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (path === '/') return undefined
  if (!path.startsWith('/')) return 'must start with slash'
  if (path.includes(' ')) return 'must not contain white-space'
  if (path.includes('//')) return 'must not contain double slash'
  const stars = path.split('*').length - 1
  return stars > 1 || (stars === 1 && !path.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}
