// A definition as upstream holds it while it checks it. What all versions say alike stands once, above them, and field
// errors name it there: of the one version that most definitions have, the schema is `spec.validation.openAPIV3Schema`.
// Where a value is told, it is told with the names of Go's fields.
// Upstream: apiextensions/v1/conversion.go, apiextensions/{types,types_jsonschema}.go.

import type {
  CustomResourceDefinitionVersion as Version,
  CustomResourceDefinitionSpec as Wire,
} from 'kubernetes-types/apiextensions/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { JsonSchema, ValidationRule } from '../../schemas/structural/json-schema.ts'

const SHARED = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const
type Shared = Pick<Version, (typeof SHARED)[number]>

export interface InternalForm {
  /** What all versions say alike. */
  shared: Shared
  /** With what each says by itself. */
  versions: readonly Version[]
}

export function internalForm(versions: Wire['versions']): InternalForm {
  const [first] = versions
  if (!first) return { shared: {}, versions }
  const alike = SHARED.filter((field) => versions.every((one) => isSame(one[field], first[field])))
  const rest = versions.map((version) => {
    const own = { ...version }
    for (const field of alike) delete own[field]
    return own
  })
  return { shared: Object.fromEntries(alike.map((field) => [field, first[field]])), versions: rest }
}

/** An empty list says as much as none. */
const isSame = (a: unknown, b: unknown) => deepEqual(orNothing(a), orNothing(b))
const orNothing = (value: unknown) => (Array.isArray(value) && value.length === 0 ? undefined : value)

export const goVersions = (versions: readonly Version[]) =>
  versions.map((version) => ({
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: version.schema
      ? { OpenAPIV3Schema: goSchema(version.schema.openAPIV3Schema as JsonSchema | undefined) }
      : null,
    Subresources: version.subresources
      ? { Status: version.subresources.status ? {} : null, Scale: goScale(version.subresources.scale) }
      : null,
    AdditionalPrinterColumns:
      version.additionalPrinterColumns?.map(({ name, type, format, description, priority, jsonPath }) => ({
        Name: name,
        Type: type,
        Format: format ?? '',
        Description: description ?? '',
        Priority: priority ?? 0,
        JSONPath: jsonPath,
      })) ?? null,
    SelectableFields: version.selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ?? null,
  }))

const goScale = (scale: NonNullable<Version['subresources']>['scale']) =>
  scale
    ? {
        SpecReplicasPath: scale.specReplicasPath,
        StatusReplicasPath: scale.statusReplicasPath,
        LabelSelectorPath: scale.labelSelectorPath ?? null,
      }
    : null

export const goRule = (rule: ValidationRule) => ({
  Rule: rule.rule ?? '',
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
})

const named = (schemas: Readonly<Record<string, JsonSchema>> | undefined) =>
  schemas
    ? Object.fromEntries(
        Object.keys(schemas)
          .sort()
          .map((name) => [name, goSchema(schemas[name])]),
      )
    : null
const listed = (schemas: readonly JsonSchema[] | undefined) => schemas?.map(goSchema) ?? null

export function goSchema(schema: JsonSchema | undefined): Record<string, unknown> | null {
  if (!schema) return null
  const { additionalProperties: rest, items, externalDocs } = schema
  return {
    ID: schema.id ?? '',
    Schema: schema.$schema ?? '',
    Ref: schema.$ref ?? null,
    Description: schema.description ?? '',
    Type: schema.type ?? '',
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? '',
    Title: schema.title ?? '',
    Default: schema.default ?? null,
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? '',
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
    Items: items
      ? Array.isArray(items)
        ? { Schema: null, JSONSchemas: listed(items) }
        : { Schema: goSchema(items), JSONSchemas: null }
      : null,
    AllOf: listed(schema.allOf),
    OneOf: listed(schema.oneOf),
    AnyOf: listed(schema.anyOf),
    Not: goSchema(schema.not),
    Properties: named(schema.properties),
    AdditionalProperties:
      rest === undefined ? null : typeof rest === 'object' ? orBool(true, rest) : orBool(rest, undefined),
    PatternProperties: named(schema.patternProperties),
    Dependencies: schema.dependencies ?? null,
    AdditionalItems: schema.additionalItems ?? null,
    Definitions: named(schema.definitions),
    ExternalDocs: externalDocs ? { Description: externalDocs.description ?? '', URL: externalDocs.url ?? '' } : null,
    Example: schema.example ?? null,
    XPreserveUnknownFields: schema['x-kubernetes-preserve-unknown-fields'] ?? null,
    XEmbeddedResource: schema['x-kubernetes-embedded-resource'] ?? false,
    XIntOrString: schema['x-kubernetes-int-or-string'] ?? false,
    XListMapKeys: schema['x-kubernetes-list-map-keys'] ?? null,
    XListType: schema['x-kubernetes-list-type'] ?? null,
    XMapType: schema['x-kubernetes-map-type'] ?? null,
    XValidations: schema['x-kubernetes-validations']?.map(goRule) ?? null,
  }
}

const orBool = (allows: boolean, schema: JsonSchema | undefined) => ({ Allows: allows, Schema: goSchema(schema) })
