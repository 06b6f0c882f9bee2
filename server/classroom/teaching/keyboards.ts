// Whose hands are on a learner's keyboard. Somebody who teaches may always look; to type they ask, and the learner says
// yes or no. Either of them ends it, and so does the teacher's page when it is closed.
//
//   (nothing) ──ask──► asked ──allow──► given ──end──► (nothing)
//                        └──── refuse, or the teacher leaves ────┘

export interface Keyboard {
  readonly teacherId: string
  readonly teacherName: string
  readonly state: 'asked' | 'given'
  readonly since: number
}

export class Keyboards {
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #shared = new Map<string, Keyboard>()

  constructor(options: { now: () => number; onChange: () => void }) {
    this.#now = options.now
    this.#onChange = options.onChange
  }

  of(learnerId: string): Keyboard | undefined {
    return this.#shared.get(learnerId)
  }

  /** False while somebody else has it or has asked. */
  ask(learnerId: string, teacher: { id: string; name: string }): boolean {
    const shared = this.#shared.get(learnerId)
    if (shared) return shared.teacherId === teacher.id
    this.#set(learnerId, { teacherId: teacher.id, teacherName: teacher.name, state: 'asked', since: this.#now() })
    return true
  }

  /** The learner's answer to who has asked; nothing when they asked no longer. */
  answer(learnerId: string, allow: boolean): void {
    const shared = this.#shared.get(learnerId)
    if (shared?.state !== 'asked') return
    if (allow) this.#set(learnerId, { ...shared, state: 'given', since: this.#now() })
    else this.end(learnerId)
  }

  /** By the learner, or with `teacherId` by that teacher only. */
  end(learnerId: string, teacherId?: string): void {
    const shared = this.#shared.get(learnerId)
    if (!shared || (teacherId !== undefined && shared.teacherId !== teacherId)) return
    this.#shared.delete(learnerId)
    this.#onChange()
  }

  mayType(learnerId: string, teacherId: string): boolean {
    const shared = this.#shared.get(learnerId)
    return shared?.state === 'given' && shared.teacherId === teacherId
  }

  #set(learnerId: string, keyboard: Keyboard): void {
    this.#shared.set(learnerId, keyboard)
    this.#onChange()
  }
}
