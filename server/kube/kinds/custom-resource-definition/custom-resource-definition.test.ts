import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { CustomResourceDefinition } from '../custom-resource-definition.ts'
import { schemaErrors } from './schema-errors.ts'

const AT = 'schema'
const problems = (schema: object, { hasStatus = false } = {}) =>
  schemaErrors({ type: 'object', ...schema } as JsonSchema, AT, { hasStatus, isUnchanged: false }).map(
    ({ field, message }) => `${field.replace(/^schema\.?/, '')}: ${message}`,
  )
const property = (schema: object) => problems({ properties: { a: schema } })
const TWICE = 'self.all(x, self.all(y, x + y > 0))'
const DEAR =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

describe('a schema is refused in upstream’s words', () => {
  it.each<[string, object, string]>([
    ['a field without a type', {}, 'properties[a].type: Required value: must not be empty for specified object fields'],
    [
      'items without a type',
      { type: 'array', items: {} },
      'properties[a].items.type: Required value: must not be empty for specified array items',
    ],
    ['a list without items', { type: 'array' }, 'properties[a].items: Required value: must be specified'],
    [
      'a type that is none',
      { type: 'text' },
      'properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
    [
      'a narrowing that tells a type',
      { type: 'string', anyOf: [{ type: 'string' }] },
      'properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
    ],
    [
      'an embedded resource that says nothing of itself',
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      'properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    ],
    [
      'number or text that keeps everything',
      { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
      'properties[a].x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true',
    ],
    [
      'a pattern that is none',
      { type: 'string', pattern: '(' },
      'properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: ',
    ],
    [
      'items told apart by nothing',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
      'properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    [
      'items told apart by what may be absent',
      {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      },
      'properties[a].items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    ],
    [
      'a set of objects',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' },
      'properties[a].items.x-kubernetes-map-type: Invalid value: "null": must be atomic as item of a list with x-kubernetes-list-type=set',
    ],
    [
      'unique items',
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      'properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ],
    [
      'named fields beside all others',
      { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } },
      'properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [
      'a default of another type',
      { type: 'integer', default: 'one' },
      'properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
    ],
    [
      'a default that would be pruned',
      { type: 'object', default: { b: 1 } },
      'properties[a].default: Invalid value: {"b":1}: must not have unknown fields',
    ],
    [
      'a rule that names no field',
      { type: 'object', properties: { b: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule: 'self.c > 0' }] },
      'properties[a].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.c \\u003e 0","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field \'c\'',
    ],
    [
      'a rule that gives no answer',
      { type: 'string', 'x-kubernetes-validations': [{ rule: 'self' }] },
      'properties[a].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool',
    ],
    [
      'a message that is no text',
      { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == "a"', messageExpression: '1' }] },
      'properties[a].x-kubernetes-validations[0].messageExpression: Invalid value: {"Rule":"self == \\"a\\"","Message":"","MessageExpression":"1","Reason":null,"FieldPath":"","OptionalOldSelf":null}: messageExpression must evaluate to a string',
    ],
    [
      'an old value where elements cannot be told apart',
      { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] } },
      'properties[a].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[a]',
    ],
    [
      'a rule that walks a list of any length twice',
      {
        type: 'array',
        items: { type: 'integer' },
        'x-kubernetes-validations': [{ rule: 'self.all(x, self.exists(y, x == y))' }],
      },
      `properties[a].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${DEAR}`,
    ],
    [
      'a rule in elements of which there may be too many',
      {
        type: 'array',
        maxItems: 2000,
        items: {
          type: 'string',
          maxLength: 10_000,
          'x-kubernetes-validations': [{ rule: 'self.contains("abcdefghijklm")' }],
        },
      },
      // 1 for self, 4,000 × 2 for the search (a character takes up to four bytes), two thousand times.
      `properties[a].items.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of 1.6x ${DEAR}`,
    ],
    [
      // Each: 2 around 1,000 × (3 + 2 around 1,000 × 7).
      'rules that are too dear together',
      {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: 20 }, (_, at) => [
            `t${at}`,
            {
              type: 'array',
              maxItems: 1000,
              items: { type: 'integer' },
              'x-kubernetes-validations': [{ rule: TWICE }],
            },
          ]),
        ),
      },
      `: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.401000x ${DEAR}`,
    ],
    [
      'a default that breaks a rule',
      { type: 'integer', default: 2, 'x-kubernetes-validations': [{ rule: 'self > 2', message: 'three at least' }] },
      'properties[a].default: Invalid value: 2: three at least',
    ],
    [
      'a default that may stay but not come',
      {
        type: 'integer',
        default: 1,
        'x-kubernetes-validations': [{ rule: 'oldSelf.hasValue()', optionalOldSelf: true, message: 'too late' }],
      },
      'properties[a].default: Invalid value: 1: too late',
    ],
    [
      'a default in metadata of an embedded object, in a map',
      {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: {
          metadata: {
            type: 'object',
            properties: { labels: { type: 'object', additionalProperties: { type: 'string', default: 'x' } } },
          },
        },
      },
      'properties[a].properties[metadata].properties[labels].additionalProperties.default: Forbidden: must not be set inside additionalProperties applying to object metadata',
    ],
    [
      'an object embedded in metadata of one that is embedded',
      {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        properties: {
          metadata: {
            type: 'object',
            properties: {
              b: {
                type: 'object',
                'x-kubernetes-embedded-resource': true,
                'x-kubernetes-preserve-unknown-fields': true,
              },
            },
          },
        },
      },
      'properties[a].properties[metadata].properties[b].x-kubernetes-embedded-resource: Forbidden: must not be used inside of resource meta',
    ],
    [
      'null for a type',
      { type: 'null' },
      'properties[a].type: Unsupported value: "null": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ],
    [
      'a default in a narrowing, be it false',
      { type: 'boolean', allOf: [{ default: false }] },
      'properties[a].allOf[0].default: Forbidden: must be undefined to be structural',
    ],
    [
      'another schema’s name',
      { type: 'string', $schema: 'http://json-schema.org/schema#' },
      ': Invalid value: "": OpenAPIV3Schema \'schema\' is not supported',
    ],
    [
      'a path to blame that is not there',
      {
        type: 'object',
        properties: { b: { type: 'string' } },
        'x-kubernetes-validations': [{ rule: 'true', fieldPath: ".b['c']" }],
      },
      `properties[a].x-kubernetes-validations[0].fieldPath: Invalid value: ".b['c']": must be a valid path`,
    ],
    [
      'a rule without text beside a field without a type',
      { type: 'object', properties: { b: {} }, 'x-kubernetes-validations': [{ rule: ' ' }] },
      'properties[a].x-kubernetes-validations[0].rule: Required value: rule is not specified',
    ],
    [
      'a reason that is none',
      { type: 'string', 'x-kubernetes-validations': [{ rule: 'true', reason: 'Because' }] },
      'properties[a].x-kubernetes-validations[0].reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
  ])('%s', (_, schema, message) => {
    const found = property(schema)
    expect(
      found.find((text) => text.startsWith(message)),
      found.join('\n'),
    ).toBeDefined()
  })

  it('also of the root', () => {
    expect(problems({ type: undefined })).toEqual(['type: Required value: must not be empty at the root'])
    expect(problems({ type: 'array', items: { type: 'string' } })).toEqual([
      'type: Invalid value: "array": must be object at the root',
    ])
    expect(problems({ allOf: [{ properties: { b: { minimum: 1 } } }] })).toEqual([
      'properties[b]: Required value: because it is defined in schema.allOf[0].properties[b]',
    ])
    expect(problems({ nullable: true })).toContain('nullable: Forbidden: nullable cannot be true at the root')
    expect(problems({ additionalProperties: { type: 'string' } })).toEqual([
      'additionalProperties: Forbidden: must not be used at the root',
    ])
    expect(problems({ properties: { metadata: { type: 'object', minProperties: 1 } } })).toEqual([
      'properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ])
    expect(problems({ properties: { metadata: { type: 'object', default: {} } } })).toEqual([
      'properties[metadata].default: Forbidden: must not be set in top-level metadata',
    ])
    expect(
      problems({
        properties: { metadata: { type: 'object', properties: { name: { type: 'string', default: 'x' } } } },
      }),
    ).toContain('properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata')
    expect(problems({ 'x-kubernetes-map-type': 'atomic' }, { hasStatus: true })[0]).toMatch(
      /^: Invalid value: \{"ID":"","Schema":"","Ref":null,.*"XMapType":"atomic","XValidations":null\}: only \[Description Type /,
    )
    expect(problems({ type: 'string' }, { hasStatus: true })).toContain(
      'type: Invalid value: "string": only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
    )
  })

  it.each<[string, object]>([
    [
      'number or text, with the alternatives spelled out',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    ],
    ['a map of texts', { type: 'object', additionalProperties: { type: 'string' } }],
    ['an open object', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }],
    [
      'one of several',
      {
        type: 'object',
        properties: { b: { type: 'string' }, c: { type: 'string' } },
        oneOf: [{ required: ['b'] }, { required: ['c'] }],
      },
    ],
    ['a default inside a default', { type: 'object', default: {}, properties: { b: { type: 'integer', default: 1 } } }],
    ['a value that may be null', { type: 'string', nullable: true, default: null }],
    [
      'a default that nobody looks at, in a map',
      { type: 'object', additionalProperties: { type: 'integer', default: 'one' } },
    ],
    [
      'a default with an element twice',
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set', default: ['x', 'x'] },
    ],
    [
      'an old value in a map that is owned as a whole',
      {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        properties: { b: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] } },
      },
    ],
  ])('but not %s', (_, schema) => {
    expect(property(schema)).toEqual([])
  })
})

describe('a definition', () => {
  const { strategy } = CustomResourceDefinition
  const definition = (spec: object = {}, name = 'tabs.example.com') => ({
    metadata: { name },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'tabs', kind: 'Tab' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      ...spec,
    },
  })
  const errorsOf = (object: object) => {
    const copy = structuredClone(object) as never
    strategy.setDefaults?.(copy)
    strategy.prepareForCreate?.(copy, {} as never)
    return [...(strategy.validate?.(copy) ?? []), ...(strategy.validateCreate?.(copy) ?? [])].map(
      ({ field, message }) => `${field}: ${message}`,
    )
  }
  const version = (more: object) => ({ ...definition().spec.versions[0], ...more })

  it('is accepted with what must be there, and names what it is called', () => {
    const object = definition() as never
    expect(errorsOf(object)).toEqual([])
    strategy.setDefaults?.(object)
    expect(object).toMatchObject({
      spec: { names: { singular: 'tab', listKind: 'TabList' }, conversion: { strategy: 'None' } },
    })
  })

  it.each<[string, object, string]>([
    [
      'another name',
      definition({}, 'other.example.com'),
      'metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a group without a dot',
      definition({ group: 'example' }, 'tabs.example'),
      'spec.group: Invalid value: "example": should be a domain with at least one dot',
    ],
    ['no scope', definition({ scope: undefined }), 'spec.scope: Required value'],
    [
      'two storage versions',
      definition({ versions: [version({}), version({ name: 'v2' })] }),
      'must have exactly one version marked as storage version',
    ],
    [
      'a version twice',
      definition({ versions: [version({}), version({ storage: false })] }),
      'must contain unique version names',
    ],
    [
      'no schema',
      definition({ versions: [version({ schema: undefined })] }),
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    ],
    [
      'a kind that is its list',
      definition({ names: { plural: 'tabs', kind: 'Tab', listKind: 'Tab' } }),
      'spec.names.listKind: Invalid value: "Tab": kind and listKind may not be the same',
    ],
    [
      'a warning without a reason',
      definition({ versions: [version({ deprecationWarning: 'old' })] }),
      'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions',
    ],
    [
      'a warning that cannot be printed',
      definition({ versions: [version({ deprecated: true, deprecationWarning: 'é\n' })] }),
      'spec.versions[0].deprecationWarning: Invalid value: "é\\n": must only contain printable UTF-8 characters; non-printable character found at index 2',
    ],
    [
      'a column of no type',
      definition({ versions: [version({ additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] })] }),
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    ],
    [
      'a scale that reads elsewhere',
      definition({
        versions: [
          version({
            subresources: { scale: { specReplicasPath: '.replicas', statusReplicasPath: '.status.replicas' } },
          }),
        ],
      }),
      'spec.subresources.scale.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec',
    ],
    [
      'a field that is not there',
      definition({ versions: [version({ selectableFields: [{ jsonPath: '.spec.a' }] })] }),
      'spec.selectableFields[0].jsonPath: Invalid value: ".spec.a": is an invalid path: does not refer to a valid field',
    ],
    [
      'two versions that say the same wrong thing',
      definition({
        versions: [version({}), version({ name: 'v2', storage: false })].map((one) => ({
          ...one,
          schema: { openAPIV3Schema: { type: 'array' } },
        })),
      }),
      'spec.validation.openAPIV3Schema.items: Required value: must be specified',
    ],
    [
      'two versions of which one says it',
      definition({
        versions: [
          version({}),
          { ...version({ name: 'v2', storage: false }), schema: { openAPIV3Schema: { type: 'array' } } },
        ],
      }),
      'spec.versions[1].schema.openAPIV3Schema.items: Required value: must be specified',
    ],
    [
      'no storage version, as Go shows them',
      definition({ versions: [version({ storage: false })] }),
      'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version',
    ],
    [
      'a version of another name',
      definition({ versions: [version({ name: 'V1' })] }),
      'spec.version: Invalid value: "V1": a DNS-1035 label must consist of',
    ],
    [
      'fields to select by that versions of different schemas share',
      definition({
        versions: ['v1', 'v2'].map((name) => ({
          ...version({ name, storage: name === 'v1', selectableFields: [{ jsonPath: '.a' }] }),
          schema: { openAPIV3Schema: { type: 'object', description: name, properties: { a: { type: 'string' } } } },
        })),
      }),
      'spec.selectableFields: Invalid value: "": may only be set when validations.schema is included',
    ],
    [
      'review versions without a webhook',
      definition({ conversion: { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } } }),
      'spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook',
    ],
    [
      'a webhook on a path that is none',
      definition({
        conversion: {
          strategy: 'Webhook',
          webhook: {
            conversionReviewVersions: ['v1'],
            clientConfig: { service: { name: 'a', namespace: 'b', path: '/x//y' } },
          },
        },
      }),
      'spec.conversion.webhookClientConfig.service.path: Invalid value: "/x//y": segment[1] may not be empty',
    ],
    [
      'unknown fields that are kept, and defaults',
      definition({
        preserveUnknownFields: true,
        versions: [
          version({
            schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', default: 'x' } } } },
          }),
        ],
      }),
      'spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema',
    ],
    [
      'a generated name',
      { ...definition(), metadata: { name: 'tabs-x', generateName: 'tabs-' } },
      'metadata.generateName: Invalid value: "tabs-": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a webhook nowhere',
      definition({
        conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: {} } },
      }),
      'spec.conversion.webhookClientConfig: Required value: exactly one of url or service is required',
    ],
    [
      'a group of the project',
      definition({ group: 'x.k8s.io' }, 'tabs.x.k8s.io'),
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
  ])('is refused with %s', (_, object, message) => {
    expect(errorsOf(object).join('\n')).toContain(message)
  })

  it('keeps its kind and scope once it is established, and versions that are stored somewhere', () => {
    const before = definition() as never as Record<string, unknown> & { spec: Record<string, unknown> }
    strategy.setDefaults?.(before as never)
    Object.assign(before, { status: { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] } })
    const next = structuredClone(before)
    Object.assign(next.spec, { scope: 'Cluster', versions: [version({ name: 'v2' })] })
    strategy.prepareForUpdate?.(next as never, before as never)
    const errors = [
      ...(strategy.validate?.(next as never) ?? []),
      ...(strategy.validateUpdate?.(next as never, before as never) ?? []),
    ].map(({ field, message }) => `${field}: ${message}`)
    expect(errors).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      expect.stringMatching(
        /^status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions; v1 was previously a storage version/,
      ),
    ])
  })
})

describe('who has approved a group of the project', () => {
  const { strategy } = CustomResourceDefinition
  const told = (approved: string | undefined) => ({
    metadata: {
      name: 'tabs.x.k8s.io',
      annotations: approved === undefined ? {} : { 'api-approved.kubernetes.io': approved },
    },
    spec: {
      group: 'x.k8s.io',
      scope: 'Namespaced',
      names: { plural: 'tabs', kind: 'Tab', singular: 'tab', listKind: 'TabList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
    status: { storedVersions: ['v1'] },
  })
  const errors = (next: object, previous?: object) =>
    (previous
      ? strategy.validateUpdate?.(next as never, previous as never)
      : strategy.validateCreate?.(next as never)
    )?.map(({ message }) => message)

  it.each(['https://github.com/a/b/pull/1', 'ftp://host/pull', 'unapproved, an experiment'])('%s', (approved) => {
    expect(errors(told(approved))).toEqual([])
  })

  it('is not asked again while nothing changes for the worse', () => {
    expect(errors(told('by me'))).toEqual([expect.stringContaining('with either a URL or a reason starting with')])
    expect(errors(told('by her'), told('by me'))).toEqual([])
    expect(errors(told('by me'), told('https://github.com/a/b'))).toHaveLength(1)
  })
})

it('says of an update only what is new of formats that nobody knows', () => {
  const { strategy } = CustomResourceDefinition
  const spec = (...formats: string[]) =>
    ({
      spec: {
        versions: [
          {
            schema: {
              openAPIV3Schema: { type: 'object', allOf: formats.map((format) => ({ type: 'string', format })) },
            },
          },
        ],
      },
    }) as never
  expect(strategy.warnings?.(spec('a', 'uuid', 'b'))).toEqual(['unrecognized format "a"', 'unrecognized format "b"'])
  expect(strategy.warnings?.(spec('a', 'b'), spec('a'))).toEqual(['unrecognized format "b"'])
})
