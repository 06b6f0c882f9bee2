// ResourceQuota: all of a namespace together may have so much and no more. What a request uses is written into the
// quota's status before the request is let through, under the status that was looked at: of many at once, only those
// that fit get in, whichever server they came by. A loop counts anew what was charged and then not made.
// Upstream: apiserver/pkg/admission/plugin/resourcequota.

import type { ResourceQuota as WireQuota } from 'kubernetes-types/core/v1'
import { isConflict, isNotFound } from '../../../apimachinery/status-error.ts'
import type { Client } from '../../../client/client.ts'
import { ResourceQuota } from '../../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import { judgeByQuota } from './check.ts'
import { type LimitedResource, uncovered } from './limited.ts'

const ATTEMPTS = 10
const RECOUNTED_ON_UPDATE = new Set(['services', 'persistentvolumeclaims'])

/** `client` writes as the server itself. */
export function resourceQuota(client: () => Client, limited: readonly LimitedResource[] = []): AdmissionPlugin {
  const turns = new Map<string, Promise<unknown>>()
  return {
    name: 'ResourceQuota',
    handles: ({ operation, kind, subresource }) =>
      kind.namespaced &&
      kind.kind !== 'Event' &&
      (subresource === ''
        ? operation === 'CREATE' ||
          (operation === 'UPDATE' && kind.group === '' && RECOUNTED_ON_UPDATE.has(kind.plural))
        : operation === 'UPDATE' && subresource === 'resize'),
    async validate(request, reader) {
      if (limited.length > 0) await assertCovered(request, reader, limited)
      if (reader.list(ResourceQuota, request.namespace).length === 0) return
      await inTurn(request.namespace, () => charge(request, reader, client()))
    },
  }

  /** One at a time in a namespace: those who come together would only get in each other's way. */
  async function inTurn(namespace: string, act: () => Promise<void>): Promise<void> {
    const turn = (turns.get(namespace) ?? Promise.resolve()).then(act)
    const settled = turn.catch(() => undefined)
    turns.set(namespace, settled)
    try {
      await turn
    } finally {
      if (turns.get(namespace) === settled) turns.delete(namespace)
    }
  }
}

async function assertCovered(
  request: AdmissionRequest,
  reader: AdmissionReader,
  limited: readonly LimitedResource[],
): Promise<void> {
  await reader.caughtUp()
  const quotas = reader.list(ResourceQuota, request.namespace)
  const problem = uncovered(limited, request, { quotas, now: reader.clock.now() })
  if (problem) throw problem
}

async function charge(request: AdmissionRequest, reader: AdmissionReader, client: Client): Promise<void> {
  const charged = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    await reader.caughtUp()
    const charges = chargesOf(request, reader, charged)
    if (request.dryRun || charges.length === 0) return
    try {
      for (const quota of charges) {
        await client.of(ResourceQuota).updateStatus(quota)
        charged.add(quota.metadata?.uid ?? '')
      }
    } catch (err) {
      if (!(isConflict(err) || isNotFound(err)) || attempt === ATTEMPTS) throw err
    }
  }
}

/** The quotas as they will stand; throws when one of them has no room. */
function chargesOf(request: AdmissionRequest, reader: AdmissionReader, charged: ReadonlySet<string>): WireQuota[] {
  return reader.list(ResourceQuota, request.namespace).flatMap((quota) => {
    if (charged.has(quota.metadata?.uid ?? '')) return []
    const judgement = judgeByQuota(request, quota, reader.clock.now())
    if (judgement.outcome === 'refused') throw refusal(request, judgement.why)
    return judgement.outcome === 'fits' ? [{ ...quota, status: { ...quota.status, used: judgement.used } }] : []
  })
}
