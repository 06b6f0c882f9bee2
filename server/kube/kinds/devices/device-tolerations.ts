// Which taint of a device a request puts up with. Upstream: dynamic-resource-allocation/resourceclaim, ToleratesTaint.

import type { DeviceTaint, DeviceToleration } from './device-objects.ts'

export const toleratesDeviceTaint = (
  { key, operator = 'Equal', value = '', effect }: DeviceToleration,
  taint: DeviceTaint,
): boolean =>
  (!effect || effect === taint.effect) &&
  (!key || key === taint.key) &&
  (operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? '')))
