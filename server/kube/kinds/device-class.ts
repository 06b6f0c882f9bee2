// The DeviceClass: a kind of device, by what must be true of it. Upstream: kubernetes/pkg/registry/resource/deviceclass.

import { defineKind } from './define-kind.ts'
import { configurationErrors, selectorErrors } from './devices/claim-rules.ts'
import type { Class } from './devices/device-objects.ts'

export const DeviceClass = defineKind<Class>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  hasGeneration: true,
  strategy: {
    returnsDeletedObject: true,
    validate: ({ spec }) => [
      ...selectorErrors(spec?.selectors ?? [], 'spec.selectors'),
      ...(spec?.config ?? []).flatMap((one, index) => configurationErrors(one, `spec.config[${index}]`)),
    ],
  },
})
