// Who was told to stop and listen: their loops are held and their keys reach no shell until it is taken back. Whoever joins
// a paused class is paused too. Kept in memory only, like the holding itself: a classroom that was started again is not paused.

export interface Pause {
  /** Who asked for it, by name. */
  readonly by: string
}

export class Pauses {
  readonly #onChange: () => void
  readonly #classes = new Map<string, Pause>()
  readonly #learners = new Map<string, Pause & { classId: string }>()

  constructor(options: { onChange: () => void }) {
    this.#onChange = options.onChange
  }

  of(learnerId: string): Pause | undefined {
    return this.#learners.get(learnerId)
  }

  begin(classId: string, learners: readonly string[], by: string): void {
    this.#classes.set(classId, { by })
    for (const id of learners) this.join(classId, id)
    this.#onChange()
  }

  join(classId: string, learnerId: string): void {
    const pause = this.#classes.get(classId)
    if (!pause) return
    this.#learners.set(learnerId, { ...pause, classId })
    this.#onChange()
  }

  /** For everybody, also who has left the class meanwhile. */
  end(classId: string): void {
    this.#classes.delete(classId)
    for (const [id, pause] of this.#learners) if (pause.classId === classId) this.#learners.delete(id)
    this.#onChange()
  }

  endFor(learnerId: string): void {
    if (this.#learners.delete(learnerId)) this.#onChange()
  }
}
