// Kubernetes' own samples of every kind, with every field filled in: JSON and protobuf of the same object, made by Go.
// They come with the Debian package that our facts were read from.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDebianSuite } from '../../../../bin/debian-package.mjs'
import type { JsonObject } from '../../apimachinery/json.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'

export interface UpstreamSample {
  name: string
  gvk: GroupVersionKind
  text: string
  object: JsonObject
  protobuf: Buffer
}

/** Of all kinds that we have facts of. */
export async function upstreamSamples(schemas: Schemas): Promise<UpstreamSample[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'podium-samples-'))
  try {
    const suite = await openDebianSuite({ suite: 'sid' })
    await suite.downloadAndUnpack('golang-k8s-api-dev', scratch)
    const dir = join(scratch, 'usr/share/gocode/src/k8s.io/api/testdata/HEAD')
    return readdirSync(dir).flatMap((name) => {
      if (!name.endsWith('.json')) return []
      const text = readFileSync(join(dir, name), 'utf8')
      const object = JSON.parse(text) as JsonObject
      if (typeof object.apiVersion !== 'string') return []
      const [version = '', group = ''] = object.apiVersion.split('/').reverse()
      const gvk = { group, version, kind: String(object.kind) }
      if (!schemas.typeOf(gvk)) return []
      return [{ name, gvk, text, object, protobuf: readFileSync(join(dir, name.replace(/json$/, 'pb'))) }]
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
