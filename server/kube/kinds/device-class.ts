// The DeviceClass: a kind of device, by what must be true of it. Upstream: kubernetes/pkg/registry/resource/deviceclass.

import type { KubeObject } from '../apimachinery/object-meta.ts'
import { defineKind } from './define-kind.ts'
import { type Configuration, configurationErrors, type Selector, selectorErrors } from './devices/claim-rules.ts'

interface Wire extends KubeObject {
  spec?: { selectors?: Selector[]; config?: Configuration[] }
}

export const DeviceClass = defineKind<Wire>({
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
