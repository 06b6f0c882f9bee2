// `jsonpatch.escapeKey('k8s.io/x~y')`: a key as a part of a JSON pointer. Upstream: apiserver/pkg/cel/library/jsonpatch.go.

import type { Environment } from '@marcbachmann/cel-js'

class JsonPatch {}

export function addJsonPatch(environment: Environment): void {
  const type = 'kubernetes.JSONPatchFunctions'
  const escaped = (_: JsonPatch, key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
  environment
    .registerType(type, JsonPatch)
    .registerConstant('jsonpatch', type, new JsonPatch())
    .registerFunction(`${type}.escapeKey(string): string`, escaped, { async: false })
}
