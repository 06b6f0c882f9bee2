import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import {
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../index.ts'
import { defaulted, problems, row, statusProblems, updateProblems } from '../testing/kind-facts.ts'

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }
const webhook = (told: object = {}) => ({
  webhooks: [
    {
      name: 'a.example.com',
      rules: [rule],
      clientConfig: { service: { namespace: 'a', name: 'b' } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...told,
    },
  ],
})
const policy = (told: object = {}) => ({
  metadata: { name: 'few' },
  spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }], ...told },
})

const hook = webhook().webhooks[0]
const note = { key: 'a', valueExpression: '"b"' }

describe('kinds of admission', () => {
  it('fill in what Kubernetes fills in', () => {
    expect(defaulted(MutatingWebhookConfiguration, webhook()).webhooks[0]).toMatchObject({
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      reinvocationPolicy: 'Never',
      rules: [{ scope: '*' }],
      clientConfig: { service: { port: 443 } },
    })
    expect(defaulted(ValidatingWebhookConfiguration, webhook()).webhooks[0]).not.toHaveProperty('reinvocationPolicy')
    expect(defaulted(ValidatingAdmissionPolicy, policy()).spec).toMatchObject({
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: {}, resourceRules: [{ scope: '*' }] },
    })
  })

  it.each([
    [
      ValidatingAdmissionPolicy,
      policy({ validations: [{ expression: 'object.spec. <= 5' }] }),
      'spec.validations[0].expression',
    ],
    [
      ValidatingAdmissionPolicy,
      policy({ matchConditions: [{ name: 'a', expression: 'nope == 1' }] }),
      'spec.matchConditions[0].expression',
    ],
    [
      ValidatingWebhookConfiguration,
      webhook({ matchConditions: [{ name: 'a', expression: 'params == 1' }] }),
      'webhooks[0].matchConditions[0].expression',
    ],
  ] as [AnyKind, object, string][])('take no expression that does not compile: %#', (kind, object, field) => {
    const [problem = '', ...others] = problems(kind, object)
    expect(others).toEqual([])
    expect(problem).toContain(`${field}: Invalid value: `)
    expect(problem).toContain('compilation failed: ERROR: <input>:1:')
  })

  it('count a change of webhooks as a new generation', () => {
    const next = { metadata: { generation: 3 }, ...webhook({ timeoutSeconds: 5 }) }
    ValidatingWebhookConfiguration.strategy.prepareForUpdate?.(
      next as never,
      { metadata: { generation: 3 }, ...webhook() } as never,
    )
    expect(next.metadata.generation).toBe(4)
  })

  it.each([
    [ValidatingWebhookConfiguration, webhook(), []],
    [
      ValidatingWebhookConfiguration,
      webhook({ name: 'short.io', sideEffects: undefined, timeoutSeconds: 60, admissionReviewVersions: [] }),
      [
        'webhooks[0].name: Invalid value: "short.io": should be a domain with at least three segments separated by dots',
        'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
        'webhooks[0].timeoutSeconds: Invalid value: 60: the timeout value must be between 1 and 30 seconds',
        'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
      ],
    ],
    [
      ValidatingWebhookConfiguration,
      webhook({ clientConfig: { url: 'http://a.io' }, rules: [{ ...rule, operations: ['*', 'CREATE'] }] }),
      [
        'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
        'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
      ],
    ],
    [
      ValidatingWebhookConfiguration,
      webhook({ clientConfig: {}, rules: [{ ...rule, resources: ['*', 'pods', 'pods/*', 'pods/log'] }] }),
      [
        'webhooks[0].rules[0].resources[3]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
        'webhooks[0].rules[0].resources: Invalid value: ["*","pods","pods/*","pods/log"]: if \'*\' is present, must not specify other resources without subresources',
        'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
      ],
    ],
    [ValidatingAdmissionPolicy, policy(), []],
    [
      ValidatingAdmissionPolicy,
      policy({ matchConstraints: {}, validations: [] }),
      [
        'spec.matchConstraints.resourceRules: Required value',
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
      ],
    ],
    [
      ValidatingAdmissionPolicy,
      policy({ variables: [{ name: 'for', expression: '' }], validations: [{ expression: ' ', reason: 'Gone' }] }),
      [
        'spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier',
        'spec.variables[0].expression: Required value: expression is not specified',
        'spec.validations[0].expression: Required value: expression is not specified',
        'spec.validations[0].reason: Unsupported value: "Gone": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      ],
    ],
    [
      ValidatingAdmissionPolicyBinding,
      { spec: { paramRef: {}, validationActions: ['Deny', 'Warn'] } },
      [
        'spec.policyName: Required value',
        'spec.paramRef: Required value: one of name or selector must be specified',
        'spec.paramRef.parameterNotFoundAction: Required value',
        'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ],
    ],
    [
      MutatingAdmissionPolicy,
      { spec: { ...policy().spec, validations: undefined } },
      [
        'spec.mutations: Required value: mutations must contain at least one item',
        'spec.reinvocationPolicy: Required value',
      ],
    ],
    [
      ValidatingWebhookConfiguration,
      { webhooks: [{ ...hook, name: undefined }, { ...hook, name: undefined }, hook, hook] },
      [
        'webhooks[0].name: Required value',
        'webhooks[1].name: Required value',
        'webhooks[3].name: Duplicate value: "a.example.com"',
      ],
    ],
    [
      ValidatingAdmissionPolicyBinding,
      { spec: { policyName: 'a', matchResources: { matchPolicy: 'Some' }, validationActions: ['Deny'] } },
      ['spec.matchResources.matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"'],
    ],
    [
      ValidatingAdmissionPolicy,
      policy({ validations: undefined, auditAnnotations: [note, note, { ...note, key: '' }] }),
      [
        'spec.auditAnnotations[1].key: Duplicate value: "a"',
        expect.stringContaining('spec.auditAnnotations[2].key: Invalid value: "few/": name part must be non-empty'),
        expect.stringContaining('spec.auditAnnotations[2].key: Invalid value: "few/": name part must consist of'),
      ],
    ],
    [
      MutatingAdmissionPolicy,
      {
        spec: {
          matchConstraints: { resourceRules: [{ ...rule, operations: ['CREATE', 'DELETE'] }] },
          mutations: [{ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }],
          reinvocationPolicy: 'Often',
        },
      },
      [
        'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
        'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
        'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
        'spec.reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
      ],
    ],
    [
      MutatingAdmissionPolicy,
      {
        spec: {
          ...policy().spec,
          validations: undefined,
          mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: ' ' } }],
          reinvocationPolicy: 'Never',
        },
      },
      ['spec.mutations[0].applyConfiguration.expression: Required value'],
    ],
    [
      ValidatingAdmissionPolicy,
      policy({
        validations: [
          { expression: 'true', message: ' ' },
          { expression: 'true', message: 'a\nb' },
        ],
      }),
      [
        'spec.validations[0].message: Invalid value: " ": must be non-empty if specified',
        'spec.validations[1].message: Invalid value: "a\\nb": must not contain line breaks',
      ],
    ],
    [ValidatingWebhookConfiguration, webhook({ rules: [{ ...rule, resources: ['*/x', 'pods/x/y'] }] }), []],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('look again at what is changed, and at nothing else of what compiled once', () => {
    const broken = [{ name: 'a', expression: 'nope == 1' }]
    const configured = webhook({ matchConditions: broken })
    expect(
      updateProblems(
        ValidatingWebhookConfiguration,
        configured,
        webhook({ ...configured.webhooks[0], timeoutSeconds: 5 }),
      ),
    ).toEqual([])
    expect(
      updateProblems(
        ValidatingAdmissionPolicy,
        policy({ matchConditions: broken }),
        policy({ matchConditions: broken, failurePolicy: 'Ignore' }),
      ),
    ).toEqual([])
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
    expect(
      updateProblems(
        ValidatingAdmissionPolicy,
        policy({ matchConditions: broken }),
        policy({ matchConditions: broken, paramKind }),
      ),
    ).toHaveLength(1)
  })

  it('are told in a status what types have found, with words', () => {
    const told = {
      typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] },
      conditions: [{ type: 'a b' }],
    }
    expect(statusProblems(ValidatingAdmissionPolicy, policy(), { ...policy(), status: told }).slice(0, 2)).toEqual([
      'status.typeChecking.expressionWarnings[0].warning: Required value',
      'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    ])
  })

  it('are shown as kubectl shows them', () => {
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
    expect(row(ValidatingAdmissionPolicy, policy({ paramKind }))).toMatchObject({
      Validations: 1,
      ParamKind: 'v1/ConfigMap',
    })
    const binding = { spec: { policyName: 'few', paramRef: { name: 'limits' } } }
    expect(row(ValidatingAdmissionPolicyBinding, binding)).toMatchObject({ PolicyName: 'few', ParamRef: '*/limits' })
  })
})
