// What works, and not as its author may think.

import type { CustomResourceDefinitionSpec } from 'kubernetes-types/apiextensions/v1'
import { isKnownFormat } from '../../schemas/structural/formats.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'

export function schemaWarnings(spec: CustomResourceDefinitionSpec | undefined): string[] {
  const formats = new Set<string>()
  const sets = new Set<string>()
  const look = (schema: JsonSchema) => {
    const { format, type, items, properties = {}, additionalProperties: rest } = schema
    if (format && !isKnownFormat(format, type)) formats.add(`unrecognized format ${JSON.stringify(format)}`)
    if (schema['x-kubernetes-list-type'] === 'set' && (items?.type === 'object' || items?.type === 'array')) {
      sets.add(
        `x-kubernetes-list-type: set for items of type ${JSON.stringify(items.type)} is not supported by server-side apply or CEL validation rules`,
      )
    }
    for (const inner of Object.values(properties)) look(inner)
    if (items) look(items)
    if (typeof rest === 'object') look(rest)
  }
  for (const { schema } of spec?.versions ?? []) if (schema?.openAPIV3Schema) look(schema.openAPIV3Schema as JsonSchema)
  return [...formats, ...[...sets].sort()]
}
