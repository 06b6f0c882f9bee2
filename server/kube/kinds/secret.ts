// The Secret: like a ConfigMap, for what not everyone should read. Upstream: kubernetes/pkg/registry/core/secret.

import type { Secret as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { goKindOf, isJsonObject } from '../apimachinery/json.ts'
import { configKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { readPlainJson } from '../schemas/strict-json.ts'
import { IMMUTABLE } from './config-map.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { tlsPairProblem } from './tls-pair.ts'

const SIZE_LIMIT = 1024 * 1024
const TLS = 'kubernetes.io/tls'
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name'

export const Secret = defineKind<Wire>({
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  strategy: {
    setDefaults(secret) {
      secret.type ||= 'Opaque'
      // A convenience for writers: nobody ever reads it back.
      for (const [key, value] of Object.entries(secret.stringData ?? {})) {
        secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') }
      }
      delete secret.stringData
    },
    warnings({ type, data = {} }) {
      if (type !== TLS) return []
      const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString('latin1')
      const problem = tlsPairProblem(text('tls.crt'), text('tls.key'))
      return problem ? [problem] : []
    },
    validate(secret) {
      const errors: FieldError[] = []
      let size = 0
      for (const [key, value] of Object.entries(secret.data ?? {})) {
        for (const problem of configKeyProblems(key)) errors.push(fieldError.invalid(`data[${key}]`, key, problem))
        size += Buffer.byteLength(value, 'base64')
      }
      if (size > SIZE_LIMIT) errors.push(fieldError.tooLong('data', SIZE_LIMIT))
      return [...errors, ...typeErrors(secret)]
    },
    validateUpdate(next, previous) {
      const errors: FieldError[] = []
      if (next.type !== previous.type) errors.push(fieldError.invalid('type', next.type, 'field is immutable'))
      if (!previous.immutable) return errors
      if (!next.immutable) errors.push(fieldError.forbidden('immutable', IMMUTABLE))
      if (!deepEqual(next.data ?? {}, previous.data ?? {})) errors.push(fieldError.forbidden('data', IMMUTABLE))
      return errors
    },
  },
  columns: [
    nameColumn,
    { name: 'Type', field: 'type', value: (secret) => secret.type },
    { name: 'Data', field: 'data', value: (secret) => Object.keys(secret.data ?? {}).length },
    ageColumn,
  ],
  selectableFields: { type: (secret) => secret.type ?? '' },
})

function typeErrors(secret: Wire): FieldError[] {
  const has = (key: string) => secret.data !== undefined && Object.hasOwn(secret.data, key)
  const required = (...keys: string[]) =>
    keys.filter((key) => !has(key)).map((key) => fieldError.required(`data[${key}]`))
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      return secret.metadata?.annotations?.[SERVICE_ACCOUNT_NAME]
        ? []
        : [fieldError.required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)]
    case 'kubernetes.io/dockercfg':
      return [...required('.dockercfg'), ...jsonErrors(secret, '.dockercfg')]
    case 'kubernetes.io/dockerconfigjson':
      return [...required('.dockerconfigjson'), ...jsonErrors(secret, '.dockerconfigjson')]
    case 'kubernetes.io/basic-auth':
      return has('username') || has('password')
        ? []
        : [fieldError.required('data[username]'), fieldError.required('data[password]')]
    case 'kubernetes.io/ssh-auth':
      return secret.data?.['ssh-privatekey'] ? [] : [fieldError.required('data[ssh-privatekey]')]
    case TLS:
      return required('tls.crt', 'tls.key')
    default:
      return []
  }
}

/** In the words of Go's reader; what is in it is nobody's to see. */
function jsonErrors(secret: Wire, key: string): FieldError[] {
  const value = secret.data?.[key]
  if (value === undefined) return []
  const refuse = (why: string) => [fieldError.invalid(`data[${key}]`, '<secret contents redacted>', why)]
  try {
    const { value: read } = readPlainJson(Buffer.from(value, 'base64').toString('utf8'))
    if (read === null || isJsonObject(read)) return []
    return refuse(`json: cannot unmarshal ${goKindOf(read)} into Go value of type map[string]interface {}`)
  } catch (err) {
    return refuse(err instanceof Error ? err.message : 'invalid')
  }
}
