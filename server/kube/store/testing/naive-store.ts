// What a store must answer, said as simply as possible: a list of everything that ever happened, searched from the
// beginning for every question. The model in the randomised tests; it shares no code with the store.

export interface Fact {
  revision: number
  key: string
  /** Absent: deleted. */
  value: string | undefined
}

export interface NaiveState {
  key: string
  value: string
  createRevision: number
  modRevision: number
  version: number
}

export class NaiveStore {
  facts: Fact[] = []
  revision = 1

  /** Puts and deletes of one transaction. Deleting what is not there is nothing. */
  write(changes: { key: string; value: string | undefined }[]): number {
    const now = this.stateAt(this.revision)
    const real = changes.filter(({ key, value }) => value !== undefined || now.some((state) => state.key === key))
    if (real.length > 0) this.revision++
    for (const change of real) this.facts.push({ revision: this.revision, ...change })
    return this.revision
  }

  stateAt(revision: number): NaiveState[] {
    const states = new Map<string, NaiveState>()
    for (const fact of this.facts) {
      if (fact.revision > revision) break
      if (fact.value === undefined) {
        states.delete(fact.key)
        continue
      }
      const before = states.get(fact.key)
      states.set(fact.key, {
        key: fact.key,
        value: fact.value,
        createRevision: before?.createRevision ?? fact.revision,
        modRevision: fact.revision,
        version: (before?.version ?? 0) + 1,
      })
    }
    return [...states.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  /** Forgets all after a revision: what was never durable. */
  cutAfter(revision: number): void {
    this.facts = this.facts.filter((fact) => fact.revision <= revision)
    this.revision = revision
  }
}
