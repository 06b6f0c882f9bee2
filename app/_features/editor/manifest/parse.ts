// YAML as kubectl reads it: several documents, YAML 1.1 (a bare `yes` is true), but no times and no numbers of base 60.

import { type Document, LineCounter, parseAllDocuments } from 'yaml'

export interface Manifest {
  documents: Document.Parsed[]
  lines: LineCounter
}

export function parseManifest(text: string): Manifest {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: '1.1',
    customTags: (tags) =>
      tags.filter(
        (tag) => typeof tag === 'string' || (tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp'),
      ),
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
  })
  return { documents: Array.isArray(documents) ? documents : [], lines }
}
