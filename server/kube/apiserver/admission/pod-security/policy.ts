// What a namespace's labels say about its pods' security. Upstream: k8s.io/pod-security-admission/api/helpers.go.

import { type FieldError, fieldError } from '../../../apimachinery/status-error.ts'

export const LEVELS = ['privileged', 'baseline', 'restricted'] as const
export type Level = (typeof LEVELS)[number]

/** A level, as of a version of Kubernetes: its minor number, or the latest. */
export interface LevelVersion {
  level: Level
  version: number | 'latest'
}

export interface Policy {
  enforce: LevelVersion
  audit: LevelVersion
  warn: LevelVersion
}

export type Mode = keyof Policy
const MODES: readonly Mode[] = ['enforce', 'audit', 'warn']
const PREFIX = 'pod-security.kubernetes.io/'
const NOTHING: LevelVersion = { level: 'privileged', version: 'latest' }

export const isStricter = (a: Level, b: Level): boolean => LEVELS.indexOf(a) > LEVELS.indexOf(b)

export const shown = ({ level, version }: LevelVersion): string =>
  `${level}:${version === 'latest' ? version : `v1.${version}`}`

/** A label that cannot be read means the strictest there is: nobody is let through by a typing mistake. */
export function policyOf(
  labels: Readonly<Record<string, string>> = {},
  defaults: Policy = { enforce: NOTHING, audit: NOTHING, warn: NOTHING },
): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = []
  const { enforce, audit, warn } = defaults
  const policy: Policy = { enforce: { ...enforce }, audit: { ...audit }, warn: { ...warn } }
  for (const mode of MODES) {
    const [level, version] = [labels[PREFIX + mode], labels[`${PREFIX}${mode}-version`]]
    if (level !== undefined) policy[mode].level = readLevel(level, mode, errors)
    if (version !== undefined) policy[mode].version = readVersion(version, mode, errors)
  }
  // Who enforces something wants to be told of Deployments that will not get their pods.
  const saysWarn = labels[`${PREFIX}warn`] !== undefined
  if (!saysWarn && isStricter(policy.enforce.level, policy.warn.level)) policy.warn = { ...policy.enforce }
  return { policy, errors }
}

/** Of namespaces that say nothing, from the server's configuration; throws in words for whoever wrote it. */
export function defaultsOf(told: Readonly<Record<string, unknown>>, file: string): Policy {
  const errors: FieldError[] = []
  const of = (mode: Mode): LevelVersion => ({
    level: readLevel(String(told[mode] ?? 'privileged'), mode, errors),
    version: readVersion(String(told[`${mode}-version`] ?? 'latest'), mode, errors),
  })
  const policy = { enforce: of('enforce'), audit: of('audit'), warn: of('warn') }
  if (errors.length > 0) throw new Error(`${file}: defaults: ${errors.map(({ message }) => message).join(', ')}`)
  return policy
}

function readLevel(text: string, mode: Mode, errors: FieldError[]): Level {
  const found = LEVELS.find((level) => level === text)
  if (found) return found
  errors.push(fieldError.invalid(`metadata.labels[${PREFIX}${mode}]`, text, `must be one of ${LEVELS.join(', ')}`))
  return 'restricted'
}

function readVersion(text: string, mode: Mode, errors: FieldError[]): number | 'latest' {
  const minor = /^v1\.([0-9]|[1-9][0-9]*)$/.exec(text)?.[1]
  if (minor !== undefined) return Number(minor)
  if (text !== 'latest') {
    const field = `metadata.labels[${PREFIX}${mode}-version]`
    errors.push(fieldError.invalid(field, text, 'must be "latest" or "v1.x"'))
  }
  return 'latest'
}
