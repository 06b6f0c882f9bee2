// Devices that others use may be looked at from a namespace that says so, and nowhere else. Upstream keeps this check in the
// registry of claims rather than among its plug-ins, so that nobody turns it off; what is refused is the same.
// Upstream: kubernetes/pkg/registry/resource/utils.go (AuthorizedForAdmin).

import { fieldError, invalid } from '../../apimachinery/status-error.ts'
import type { Claim, ClaimTemplate, DeviceRequest } from '../../kinds/devices/device-objects.ts'
import { Namespace } from '../../kinds/index.ts'
import type { AdmissionPlugin } from './admission.ts'

const LABEL = 'resource.kubernetes.io/admin-access'

export const deviceAdminAccess: AdmissionPlugin = {
  name: 'DeviceAdminAccess',
  // What was asked for cannot be changed later.
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.group === 'resource.k8s.io' && kind.kind.startsWith('ResourceClaim') && !subresource,
  validate({ kind, object, namespace }, reader) {
    const { spec } = object as ClaimTemplate
    const requests = (kind.kind === 'ResourceClaim' ? (object as Claim).spec : spec?.spec)?.devices?.requests ?? []
    const at = requests.findIndex(({ exactly }: DeviceRequest) => exactly?.adminAccess)
    if (at < 0 || reader.find(Namespace, '', namespace)?.metadata?.labels?.[LABEL] === 'true') return
    const why = `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`
    const errors = [fieldError.forbidden(`spec.devices.requests[${at}].adminAccess`, why)]
    throw invalid(kind, object?.metadata?.name ?? '', errors)
  },
}
