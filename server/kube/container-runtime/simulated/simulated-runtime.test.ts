import { afterEach, beforeEach } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { conforms, type RuntimeUnderTest, removeAll } from '../testing/conformance.ts'
import { SimulatedRuntime } from './simulated-runtime.ts'

let under: RuntimeUnderTest

beforeEach(() => {
  const clock = new FakeClock()
  const runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
  under = { runtime, reopen: () => runtime, image: 'app:1', rest: () => clock.advance(100) }
})
afterEach(() => removeAll(under.runtime))

conforms(() => under)
