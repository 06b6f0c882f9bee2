// One plug-in, asked about one request, over objects that the test tells: for tables.

import { FakeClock } from '../../../base/clock.ts'
import { deepCopy } from '../../apimachinery/deep.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf, type Kind } from '../../kinds/define-kind.ts'
import { builtInKinds } from '../../kinds/index.ts'
import type { AdmissionPlugin, AdmissionReader, AdmissionRequest } from '../admission/admission.ts'
import { Reinvocation } from '../admission/reinvocation.ts'

type Asked = Partial<Omit<AdmissionRequest, 'warn' | 'annotate' | 'annotateBody' | 'reinvocation'>> & { kind: AnyKind }
export type There = readonly (readonly [AnyKind, KubeObject])[]

export interface Asking {
  /** As the plug-in leaves it. */
  object: KubeObject | undefined
  refused: string | undefined
  warnings: string[]
  annotations: Record<string, string>
  bodyAnnotations: Record<string, string>
}

export async function askPlugin(
  plugin: AdmissionPlugin,
  asked: Asked,
  there: There = [],
  clock = new FakeClock(),
): Promise<Asking> {
  const told: Asking = {
    object: deepCopy(asked.object),
    refused: undefined,
    warnings: [],
    annotations: {},
    bodyAnnotations: {},
  }
  const request: AdmissionRequest = {
    operation: asked.previous ? 'UPDATE' : 'CREATE',
    verb: asked.previous ? 'update' : 'create',
    requested: asked.kind,
    versions: () => [],
    subresource: '',
    namespace: asked.kind.namespaced ? 'default' : '',
    name: asked.object?.metadata?.name ?? '',
    previous: undefined,
    user: { name: 'otter', groups: [] },
    dryRun: false,
    reinvocation: new Reinvocation(),
    ...asked,
    object: told.object,
    warn: (message) => told.warnings.push(message),
    annotate: (key, value) => {
      told.annotations[key] ??= value
    },
    annotateBody: (key, value) => {
      told.bodyAnnotations[key] ??= value
    },
  }
  const reader = readerOf(there, clock)
  try {
    if (plugin.handles(request)) {
      do await plugin.mutate?.(request, reader)
      while (request.reinvocation.begins())
      await plugin.validate?.(request, reader)
    }
  } catch (err) {
    told.refused = err instanceof Error ? err.message : String(err)
  }
  return told
}

function readerOf(there: There, clock: FakeClock): AdmissionReader {
  const list = <T extends KubeObject>(kind: Kind<T>, namespace?: string) =>
    there
      .filter(([of, { metadata }]) => of === kind && (namespace === undefined || metadata?.namespace === namespace))
      .map(([, object]) => object as T)
  return {
    list,
    find: (kind, namespace, name) =>
      list(kind).find(({ metadata }) => metadata?.name === name && (metadata?.namespace ?? '') === namespace),
    kindOf: (apiVersion, kind) => builtInKinds.find((one) => apiVersionOf(one) === apiVersion && one.kind === kind),
    caughtUp: () => undefined,
    clock,
  }
}
