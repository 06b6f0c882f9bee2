// What a KubeSchedulerConfiguration says of an extender: a web server that is asked after our own plug-ins.
// Upstream: Extender in kube-scheduler/config/v1/types.go, apis/config/validation.

import { z } from 'zod'
import { goDurationMs } from '../../apimachinery/go-duration.ts'

const DEFAULT_TIMEOUT = '5s'

const inMilliseconds = z
  .string()
  .default(DEFAULT_TIMEOUT)
  .transform((text, context) => {
    const ms = goDurationMs(text)
    if (ms !== undefined && ms > 0) return ms
    context.addIssue({ code: 'custom', message: `"${text}" is no length of time` })
    return z.NEVER
  })

export const extenderConfiguration = z
  .strictObject({
    urlPrefix: z.url({ protocol: /^https?$/, message: 'extender url-prefix must be an absolute URL' }),
    filterVerb: z.string().default(''),
    prioritizeVerb: z.string().default(''),
    preemptVerb: z.string().default(''),
    bindVerb: z.string().default(''),
    weight: z.int().min(0).default(0),
    enableHTTPS: z.boolean().default(false),
    tlsConfig: z
      .strictObject({
        insecure: z.boolean().default(false),
        serverName: z.string().optional(),
        caFile: z.string().optional(),
        certFile: z.string().optional(),
        keyFile: z.string().optional(),
        caData: z.base64().optional(),
        certData: z.base64().optional(),
        keyData: z.base64().optional(),
      })
      .optional(),
    httpTimeout: inMilliseconds,
    nodeCacheCapable: z.boolean().default(false),
    managedResources: z
      .array(z.strictObject({ name: z.string().min(1), ignoredByScheduler: z.boolean().default(false) }))
      .default([]),
    ignorable: z.boolean().default(false),
  })
  .refine(({ prioritizeVerb, weight }) => !prioritizeVerb || weight > 0, {
    path: ['weight'],
    message: 'must have a positive weight applied to it',
  })
export type ExtenderConfiguration = z.infer<typeof extenderConfiguration>

export const extendersConfiguration = z
  .array(extenderConfiguration)
  .default([])
  .superRefine((extenders, context) => {
    const binders = extenders.filter(({ bindVerb }) => bindVerb).length
    if (binders > 1)
      context.addIssue({ code: 'custom', message: `only one extender can implement bind, found ${binders}` })
    const names = extenders.flatMap(({ managedResources }) => managedResources.map(({ name }) => name))
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice) context.addIssue({ code: 'custom', message: `duplicate extender managed resource name ${twice}` })
  })
