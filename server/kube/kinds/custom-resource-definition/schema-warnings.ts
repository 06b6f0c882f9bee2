// What works, and not as its author may think: formats that nobody knows. Upstream:
// apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go getUnrecognizedFormatsInCRD.

import type { CustomResourceDefinitionSpec } from 'kubernetes-types/apiextensions/v1'
import { isKnownFormat } from '../../schemas/structural/formats.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'

/** Of what was there before, it has been told then. */
export function formatWarnings(
  next: CustomResourceDefinitionSpec | undefined,
  previous?: CustomResourceDefinitionSpec,
): string[] {
  const known = unknownFormats(previous)
  return [...unknownFormats(next)]
    .filter((format) => !known.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`)
}

function unknownFormats(spec: CustomResourceDefinitionSpec | undefined): Set<string> {
  const formats = new Set<string>()
  const look = (schema: JsonSchema) => {
    const { format, type, items, properties = {}, additionalProperties: rest, allOf, anyOf, oneOf, not } = schema
    if (format && !isKnownFormat(format, type)) formats.add(format)
    for (const inner of [items, ...(allOf ?? []), ...(anyOf ?? []), ...(oneOf ?? []), not]) if (inner) look(inner)
    for (const inner of Object.values(properties)) look(inner)
    if (typeof rest === 'object') look(rest)
  }
  for (const { schema } of spec?.versions ?? []) if (schema?.openAPIV3Schema) look(schema.openAPIV3Schema as JsonSchema)
  return formats
}
