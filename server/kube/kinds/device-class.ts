// The DeviceClass: a kind of device, by what must be true of it. Upstream: kubernetes/pkg/registry/resource/deviceclass.

import { deepEqual } from '../apimachinery/deep.ts'
import { fieldError } from '../apimachinery/status-error.ts'
import { defineKind } from './define-kind.ts'
import { selectorErrors } from './devices/claim-rules.ts'
import type { Class } from './devices/device-objects.ts'
import { listErrors } from './devices/lists.ts'
import { configurationErrors, MOST_CONFIGURATIONS } from './devices/shared-rules.ts'
import { isExtendedResource } from './pod-template/resources.ts'

export const DeviceClass = defineKind<Class>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  hasGeneration: true,
  strategy: {
    returnsDeletedObject: true,
    validate({ spec }, previous) {
      const { selectors = [], config = [], extendedResourceName: name } = spec ?? {}
      const before = previous?.spec
      const isStored = deepEqual(config, before?.config ?? [])
      return [
        // What compiled once is taken as it is.
        ...(before && deepEqual(selectors, before.selectors ?? []) ? [] : selectorErrors(selectors, 'spec.selectors')),
        ...listErrors(config, 'spec.config', {
          most: MOST_CONFIGURATIONS,
          errorsOf: (one, at) => configurationErrors(one, at, { isStored }),
        }),
        ...(name === undefined || isExtendedResource(name)
          ? []
          : [fieldError.invalid('spec.extendedResourceName', name, 'must be a valid extended resource name')]),
      ]
    },
  },
})
