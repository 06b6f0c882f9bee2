// kube-apiserver's flags about what is written down. Upstream: apiserver/pkg/server/options/audit.go.

import { readFile } from 'node:fs/promises'
import { type ClientConfig, loadKubeconfig } from '../../client/kubeconfig.ts'
import { type AuditPolicy, METADATA_OF_ALL, readAuditPolicy } from './policy.ts'

export interface AuditSettings {
  policy: AuditPolicy
  /** A file of lines; where the server keeps its own when left out. */
  logPath?: string
  webhook?: ClientConfig
}

/** Throws in words for whoever wrote the flags. */
export async function readAuditFlags(flags: Readonly<Record<string, string>>): Promise<AuditSettings> {
  const { 'audit-policy-file': file, 'audit-log-path': logPath, 'audit-webhook-config-file': webhook } = flags
  const fail = (flag: string) => (err: Error) => {
    throw new Error(`--${flag}: ${err.message}`, { cause: err })
  }
  const source = file && (await readFile(file, 'utf8').catch(fail('audit-policy-file')))
  return {
    policy: source === undefined ? METADATA_OF_ALL : readAuditPolicy(source, file!),
    ...(logPath ? { logPath } : {}),
    ...(webhook
      ? { webhook: await Promise.resolve(webhook).then(loadKubeconfig).catch(fail('audit-webhook-config-file')) }
      : {}),
  }
}
