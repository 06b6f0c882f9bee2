// What the classroom server is told: by the environment, and by `npm start -- --host … --port …`.

import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { UserError } from './user-error.ts'

const origin = z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin)

const minutes = z.coerce.number().min(0).max(100_000).optional()

const schema = z.object({
  PODIUM_HOME: z.string().optional(),
  /** The address to listen on. Anything but loopback demands accounts. */
  PODIUM_HOST: z
    .string()
    .refine(
      (host) => host === 'localhost' || isIP(host) !== 0,
      'an address of this machine is needed, or 0.0.0.0 for all',
    )
    .default('127.0.0.1'),
  /** 0 takes any free port. Without it 3000 is tried first. */
  PODIUM_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  /** What people type, where that is not this machine's address: `https://podium.school.example`. Several with commas. */
  PODIUM_ORIGIN: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((each) => each.trim()))
    .transform((all) => all.filter(Boolean))
    .pipe(z.array(origin)),
  PODIUM_TLS_CERT: z.string().optional(),
  PODIUM_TLS_KEY: z.string().optional(),
  /** `simulated` never looks for a container engine. */
  PODIUM_MACHINES: z.enum(['auto', 'simulated']).default('auto'),
  /** How many clusters are kept ready for whoever comes next. */
  PODIUM_WARM: z.coerce.number().int().min(0).max(50).default(1),
  /** How many learners may have a cluster at once. Without it, as many as this machine is thought to hold. */
  PODIUM_SEATS: z.coerce.number().int().min(1).max(1000).optional(),
  /** Minutes after which the machines of a learner who is away stand still, and go to disk; 0 for never. */
  PODIUM_PAUSE_AFTER: minutes,
  PODIUM_STOP_AFTER: minutes,
  /** Days after which a guest who did not come back is forgotten. */
  PODIUM_GUEST_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  PODIUM_LEARNER: z.string().min(1).max(80).optional(),
  PODIUM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('warn'),
})

export interface Settings {
  host: string
  port: number | undefined
  origins: string[]
  tls: { cert: Buffer; key: Buffer } | undefined
  /** How this machine may be called, best first. */
  names: string[]
  machines: 'auto' | 'simulated'
  warm: number
  seats: number | undefined
  /** Undefined: as is usual; 0 for never. */
  pauseAfterMinutes: number | undefined
  stopAfterMinutes: number | undefined
  guestDays: number
  localName: string | undefined
  logLevel: 'debug' | 'info' | 'warn' | 'error'
}

export function readSettings(environment: Readonly<Record<string, string | undefined>>, args: string[]): Settings {
  const options = { host: { type: 'string' }, port: { type: 'string' } } as const
  const { values } = asUserError(() => parseArgs({ args, options }))
  const told = {
    ...environment,
    ...(values.host === undefined ? {} : { PODIUM_HOST: values.host }),
    ...(values.port === undefined ? {} : { PODIUM_PORT: values.port }),
  }
  const parsed = schema.safeParse(told)
  if (!parsed.success) throw new UserError(`the settings are not right:\n${z.prettifyError(parsed.error)}`)
  const config = parsed.data
  return {
    host: config.PODIUM_HOST,
    port: config.PODIUM_PORT,
    origins: config.PODIUM_ORIGIN,
    tls: readTls(config.PODIUM_TLS_CERT, config.PODIUM_TLS_KEY),
    names: [...lanAddresses(), hostname()],
    machines: config.PODIUM_MACHINES,
    warm: config.PODIUM_WARM,
    seats: config.PODIUM_SEATS,
    pauseAfterMinutes: config.PODIUM_PAUSE_AFTER,
    stopAfterMinutes: config.PODIUM_STOP_AFTER,
    guestDays: config.PODIUM_GUEST_DAYS,
    localName: config.PODIUM_LEARNER,
    logLevel: config.PODIUM_LOG_LEVEL,
  }
}

function readTls(cert: string | undefined, key: string | undefined): Settings['tls'] {
  if (!cert && !key) return undefined
  if (!cert || !key) throw new UserError('for TLS both are needed: PODIUM_TLS_CERT and PODIUM_TLS_KEY, each a PEM file')
  return asUserError(() => ({ cert: readFileSync(cert), key: readFileSync(key) }))
}

/** Where others in the same network find this machine; networks of containers are left out. */
function lanAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|podium|pd-)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
}

function asUserError<T>(work: () => T): T {
  try {
    return work()
  } catch (err) {
    throw new UserError((err as Error).message)
  }
}
