// The ConfigMap: settings, apart from the image that reads them. Upstream: kubernetes/pkg/registry/core/configmap.

import type { ConfigMap as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { configKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const SIZE_LIMIT = 1024 * 1024
export const IMMUTABLE = 'field is immutable when `immutable` is set'

export const ConfigMap = defineKind<Wire>({
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  strategy: {
    validate(map) {
      const errors: FieldError[] = []
      let size = 0
      for (const [key, value] of Object.entries(map.data ?? {})) {
        for (const problem of configKeyProblems(key)) errors.push(fieldError.invalid(`data[${key}]`, key, problem))
        if (map.binaryData && Object.hasOwn(map.binaryData, key)) {
          errors.push(fieldError.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
        }
        size += Buffer.byteLength(value)
      }
      for (const [key, value] of Object.entries(map.binaryData ?? {})) {
        for (const problem of configKeyProblems(key))
          errors.push(fieldError.invalid(`binaryData[${key}]`, key, problem))
        size += Buffer.byteLength(value, 'base64')
      }
      if (size > SIZE_LIMIT) errors.push(fieldError.tooLong('', SIZE_LIMIT))
      return errors
    },
    // Kubelets stop watching an immutable map, so a later edit would never reach the pods that mounted it.
    validateUpdate(next, previous) {
      if (!previous.immutable) return []
      const errors: FieldError[] = []
      if (!next.immutable) errors.push(fieldError.forbidden('immutable', IMMUTABLE))
      if (!deepEqual(next.data ?? {}, previous.data ?? {})) errors.push(fieldError.forbidden('data', IMMUTABLE))
      if (!deepEqual(next.binaryData ?? {}, previous.binaryData ?? {})) {
        errors.push(fieldError.forbidden('binaryData', IMMUTABLE))
      }
      return errors
    },
  },
  columns: [
    nameColumn,
    {
      name: 'Data',
      field: 'data',
      value: (map) => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    },
    ageColumn,
  ],
})
