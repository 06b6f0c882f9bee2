// Times and durations as numbers and texts, which the library does not write. Upstream: cel-go/common/types/{timestamp,duration}.go.

import type { Environment } from '@marcbachmann/cel-js'
import type { Duration } from '@marcbachmann/cel-js/evaluator'

export function addTimes(environment: Environment): void {
  const sync = { async: false }
  const [time, duration] = ['google.protobuf.Timestamp', 'google.protobuf.Duration']
  environment
    .registerFunction(`int(${time}): int`, (of: Date) => BigInt(Math.floor(of.getTime() / 1000)), sync)
    .registerFunction(
      `int(${duration}): int`,
      ({ seconds, nanos }: Duration) => seconds * 1_000_000_000n + BigInt(nanos),
      sync,
    )
    .registerFunction(`string(${time}): string`, (of: Date) => of.toISOString().replace(/\.?0*Z$/, 'Z'), sync)
    .registerFunction(`string(${duration}): string`, String, sync)
    .registerFunction(`timestamp(${time}): ${time}`, (of: Date) => of, sync)
    .registerFunction(`duration(${duration}): ${duration}`, (of: Duration) => of, sync)
}
