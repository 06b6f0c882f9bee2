// Each Service's address has its IPAddress, also one that somebody deleted by hand.
// Upstream: kubernetes/pkg/registry/core/service/ipallocator/controller/repairip.go.

import { isIP } from 'node:net'
import type { Service } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { IPAddress } from '../../kinds/index.ts'
import { serviceIpAddress } from '../../kinds/ip-address.ts'
import { createOnce, type Peek, type SystemPart } from './part.ts'

export function serviceIpAddresses(services: () => Iterable<KubeObject>): SystemPart {
  return {
    hooks: ['start-service-ip-repair-controllers'],
    isComplete: (peek) => missing(peek).length === 0,
    async ensure(client, peek) {
      await Promise.all(missing(peek).map((object) => createOnce(client, peek, { kind: IPAddress, object })))
    },
  }

  function missing(peek: Peek): KubeObject[] {
    return [...services()].flatMap((service) => {
      const { clusterIPs = [] } = (service as Service).spec ?? {}
      return clusterIPs
        .filter((address) => isIP(address) > 0 && peek(IPAddress, '', address) === undefined)
        .map((address) => serviceIpAddress(address, service.metadata ?? {}))
    })
  }
}
