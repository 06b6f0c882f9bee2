// YAML as Go's reader knows it, which is that of version 1.1: `yes` and `on` are true, and `0644` is octal. What is written is
// read by such readers and has to be quoted for them; a cluster may be called `y`. Upstream: sigs.k8s.io/yaml.

import { type DocumentOptions, type SchemaOptions, stringify, type Tags } from 'yaml'
import { isDeeperThan } from './deep.ts'
import { writeJson } from './json.ts'

/** Dates, and numbers of base 60, are texts to Go's reader. */
const TEXTS = new Set(['timestamp', 'binary', 'omap', 'pairs', 'set'])
const customTags = (tags: Tags): Tags =>
  tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!TEXTS.has(tag.tag.replace(/^.*:/, '')) && (tag as { format?: string }).format !== 'TIME'),
  )

export const AS_GO_READS: DocumentOptions & SchemaOptions = { version: '1.1', customTags }

/** Deeper than that, indents are longer than what they indent: YAML's other style is used, which is that of JSON. */
const MOST_INDENTS = 100

export const writeYaml = (value: unknown): string =>
  isDeeperThan(value, MOST_INDENTS)
    ? `${writeJson(value)}\n`
    : stringify(value, { version: '1.1', aliasDuplicateObjects: false })
